package trust

import (
	"encoding/json"
	"fmt"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// MemorySchema is the version of the form in which a Memory is kept.
const MemorySchema = "picket.trust-state/1"

// Memory is the newest version of a signed root that was accepted. Whoever keeps it can be shown nothing older.
type Memory struct {
	Project string
	Number  int
	Digest  picket.Digest
}

// memoryFile is the JSON form.
type memoryFile struct {
	Schema  string        `json:"schema"`
	Project string        `json:"project"`
	Number  int           `json:"number"`
	Digest  picket.Digest `json:"digest"`
}

// Marshal is the JSON form on one line.
func (m Memory) Marshal() ([]byte, error) {
	text, err := encode(memoryFile{MemorySchema, m.Project, m.Number, m.Digest})
	return append(text, '\n'), err
}

// ParseMemory reads what Marshal wrote. A memory that cannot be read is an error: it must not be taken for none.
func ParseMemory(data []byte) (Memory, error) {
	var f memoryFile
	if err := json.Unmarshal(data, &f); err != nil {
		return Memory{}, fmt.Errorf("read trust state: %w: %w", err, evidence.ErrMalformed)
	}
	m := Memory{f.Project, f.Number, f.Digest}
	if _, err := picket.ParseDigest(string(f.Digest)); err != nil || f.Schema != MemorySchema || f.Number < 1 || !projectName.MatchString(f.Project) {
		return Memory{}, fmt.Errorf("read trust state: it is not in the form %s: %w", MemorySchema, evidence.ErrMalformed)
	}
	return m, nil
}

// Advance checks that next is the same as what is remembered or newer, and returns what to remember.
func (m Memory) Advance(next Memory) (Memory, error) {
	switch {
	case next.Project != m.Project:
		return m, fmt.Errorf("it is of the project %q, and what is remembered is of %q: %w", clip(next.Project), clip(m.Project), ErrRollback)
	case next.Number < m.Number:
		return m, fmt.Errorf("version %d was accepted while version %d was read: %w", m.Number, next.Number, ErrRollback)
	case next.Number == m.Number && next.Digest != m.Digest:
		return m, fmt.Errorf("version %d was accepted as %s while it was read as %s: a fork: %w", m.Number, m.Digest, next.Digest, ErrRollback)
	}
	return next, nil
}
