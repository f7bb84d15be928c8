package claim

import (
	"fmt"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// The targets of a revocation.
const (
	RevokeContent = "content"
	RevokeClaim   = "claim"
	RevokeKey     = "key"
)

// Revocation takes trust away from content, from one claim or from a key. The subject of the statement is what is revoked:
// the digest of content, the SHA-256 of a claim's payload, or the fingerprint of a key. It cannot be taken back: content that
// was repaired has another digest.
type Revocation struct {
	Schema    string    `json:"schema" const:"picket.revocation/1"`
	Time      time.Time `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Target    string    `json:"target" enum:"content claim key" doc:"What the digest of the subject is the digest of."`
	Reason    string    `json:"reason" enum:"malicious poisoned vulnerable compromised licence legal privacy quality superseded other"`
	Text      string    `json:"text,omitempty" doc:"The reason for people."`
	Effective time.Time `json:"effective" doc:"Of a key: what it signed before then, proven by a trusted clock, still counts."`
	Cascade   bool      `json:"cascade" doc:"Of content: everything that descends from it is revoked as well."`
}

// Decision records what a gate decided. It is for the audit; a decision never satisfies a gate.
type Decision struct {
	Schema  string          `json:"schema" const:"picket.decision/1"`
	Time    time.Time       `json:"time" doc:"When it was made, by the clock of whoever signed: self-asserted."`
	Tool    string          `json:"tool,omitempty"`
	Policy  PolicyReference `json:"policy"`
	Mode    string          `json:"mode" enum:"enforce audit"`
	Allowed bool            `json:"allowed" doc:"What the policy said; in audit mode content passes all the same."`
	Reasons []string        `json:"reasons" max:"1000"`
	Errors  []string        `json:"errors,omitempty" max:"1000"`
	Facts   picket.Digest   `json:"facts,omitempty" doc:"SHA-256 of the facts that the policy saw."`
	Claims  []Considered    `json:"claims" max:"20000"`
}

// PolicyReference names a policy exactly.
type PolicyReference struct {
	Name   string        `json:"name" min:"1" max:"500"`
	Digest picket.Digest `json:"digest" doc:"SHA-256 of the policy file."`
}

// Considered is one claim that a gate saw.
type Considered struct {
	Kind    string        `json:"kind" max:"200"`
	Payload picket.Digest `json:"payload" doc:"SHA-256 of the claim's payload."`
	Signers []string      `json:"signers" max:"100"`
	Counted bool          `json:"counted"`
}

// Head says which claims there were: how many lines a file had, and their Merkle root as RFC 6962 defines it, each line
// without its newline. The subject of the statement is the root. It is a record, and clears nothing.
type Head struct {
	Schema   string        `json:"schema" const:"picket.head/1"`
	Time     time.Time     `json:"time" doc:"When it was made, by the clock of whoever signed: self-asserted."`
	Count    int64         `json:"count" min:"1" max:"1000000" doc:"Lines."`
	Root     picket.Digest `json:"root" doc:"Merkle tree hash of RFC 6962 with SHA-256."`
	Previous *Previous     `json:"previous,omitempty" doc:"The head before this one."`
}

// Previous is an earlier head.
type Previous struct {
	Count int64         `json:"count" min:"1" max:"1000000"`
	Root  picket.Digest `json:"root"`
}

func (h *Head) validate() error {
	if h.Previous != nil && (h.Previous.Count > h.Count || h.Previous.Count == h.Count && h.Previous.Root != h.Root) {
		return fmt.Errorf("the head before it is not before it: %w", evidence.ErrMalformed)
	}
	return nil
}
