package transport

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// levels is a patientWire that notes what it is told.
type levels struct {
	patientWire
	mu          sync.Mutex
	told        []int
	interrupted int
	refuses     bool
}

func (w *levels) AtLeast(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, n)
	return !w.refuses
}

func (w *levels) Interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interrupted++
}

// ahead is a Foreseer that expects so many bytes.
type ahead struct {
	Foreseer
	n int
}

func (a *ahead) InputAhead() int { return a.n }

func newPatient() (p *pump, w *levels, a *ahead) {
	w, a = new(levels), new(ahead)
	return &pump{wire: w, ep: a}, w, a
}

// readMuch is n times what the reader does about a read of size bytes.
func (p *pump) readMuch(n, size int) {
	for range n {
		p.beforeRead()
		p.noteRead(size)
	}
}

func (w *levels) check(t *testing.T, when string, want ...int) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.told, want) {
		t.Errorf("%s: the wire was told %v, want %v", when, w.told, want)
	}
	w.told = nil
}

func TestReadsOfMuchArePatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, a := newPatient()
		a.n = 10 << 20
		p.readMuch(1000, heavyRead-1)
		if p.patience != nil {
			t.Error("small reads need no patience")
		}
		p.readMuch(heavyReads, heavyRead)
		p.readMuch(1, heavyRead-1)
		w.check(t, "not enough in a row")
		p.readMuch(heavyReads+1, heavyRead)
		w.check(t, "enough in a row", mostAwaited)
		p.readMuch(3, 100)
		w.check(t, "what little comes meanwhile")

		for _, n := range []int{mostAwaited - 1, 70 << 10, 30 << 10, heavyRead, heavyRead - 1, 0, 1 << 30} {
			a.n = n
			p.readMuch(1, heavyRead)
		}
		w.check(t, "a body that ends, and another", 64<<10, 16<<10, 1, mostAwaited)

		p.impatient()
		w.check(t, "a reader that makes way", 1)
		if w.interrupted != 0 {
			t.Error("it was interrupted")
		}
		<-time.After(time.Second)
		w.check(t, "long afterwards")
	})
}

func TestPatienceInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, a := newPatient()
		a.n = 10 << 20
		p.readMuch(heavyReads+2, heavyRead)
		w.check(t, "much", mostAwaited)
		for range 40 {
			<-time.After(patienceTick / 2)
			p.readMuch(1, heavyRead)
		}
		w.check(t, "as long as it goes on")
		<-time.After(2*patienceTick + 1)
		w.check(t, "when it stops", 1)
		if w.interrupted != 1 {
			t.Errorf("interrupted %d times", w.interrupted)
		}
		p.readMuch(10*heavyReads, heavyRead)
		w.check(t, "soon afterwards")
		<-time.After(restless)
		p.readMuch(10*heavyReads, heavyRead)
		w.check(t, "later", mostAwaited)
		p.impatient()
	})
}

func TestNoPatienceWithoutMeans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, w, a := newPatient()
		a.n = 10 << 20
		w.refuses = true
		p.readMuch(100, heavyRead)
		w.check(t, "a wire that refuses", mostAwaited)
		p = &pump{wire: w, ep: a.Foreseer}
		p.readMuch(100, heavyRead)
		p = &pump{ep: a}
		p.readMuch(100, heavyRead)
		w.check(t, "neither wire nor endpoint")
	})
}
