// Package spare has the workspaces that connections of the process use in turn.
package spare

import (
	"sync"

	"weft/core"
)

var pool = sync.Pool{New: func() any { return new(core.Workspace) }}

// Workspace returns one that nobody uses.
func Workspace() *core.Workspace { return pool.Get().(*core.Workspace) }

// Put takes w for whoever is the next to need one.
func Put(w *core.Workspace) { pool.Put(w) }
