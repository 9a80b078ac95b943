package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// results are all figures there are, of this run and of earlier ones.
type results struct {
	Tables map[string]*tableResult `json:"tables"`
}

// A tableResult is what one experiment gave.
type tableResult struct {
	When     string                      `json:"when"`
	Machine  []string                    `json:"machine"`  // what it was measured on and with, a fact a line
	Commands []string                    `json:"commands"` // what ran for one cell
	Rounds   int                         `json:"rounds"`
	Missing  map[string]string           `json:"missing,omitempty"` // contender: why it took no part
	Cells    map[string]map[string]*cell `json:"cells"`             // by row and column
}

// A cell is what one contender gave in one workload.
type cell struct {
	Samples []sample `json:"samples,omitempty"`
	Failed  string   `json:"failed,omitempty"` // why there is nothing
	Lacks   string   `json:"lacks,omitempty"`  // why there can't be anything
}

// values returns one metric of all samples.
func (c *cell) values(key string) (v []float64) {
	if c == nil {
		return nil
	}
	for _, s := range c.Samples {
		if x, ok := s[key]; ok {
			v = append(v, x)
		}
	}
	return v
}

// at returns a cell, made if need be.
func (t *tableResult) at(row, column string) *cell {
	if t.Cells[row] == nil {
		t.Cells[row] = make(map[string]*cell)
	}
	if t.Cells[row][column] == nil {
		t.Cells[row][column] = new(cell)
	}
	return t.Cells[row][column]
}

// values returns a metric of all rounds.
func (r *results) values(f ref) []float64 {
	t := r.Tables[f.table]
	if t == nil {
		return nil
	}
	return t.Cells[f.row][f.column].values(f.key)
}

// loadResults reads what earlier runs kept; a file that is not there is none.
func loadResults(name string) (*results, error) {
	r := &results{Tables: make(map[string]*tableResult)}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (r *results) save(name string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}
