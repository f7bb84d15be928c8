package claim

import (
	"fmt"
	"strings"
	"time"

	"github.com/picketsec/picket/evidence"
)

// TypeVEX is the predicate type of OpenVEX 0.2.0.
const TypeVEX = "https://openvex.dev/ns/v0.2.0"

// VEX says whether vulnerabilities touch the content: an OpenVEX 0.2.0 document. Fields that are not needed here are passed
// over. A statement without a product is about the subject.
type VEX struct {
	Context    string         `json:"@context" min:"1"`
	ID         string         `json:"@id" min:"1"`
	Author     string         `json:"author" min:"1"`
	Role       string         `json:"role,omitempty"`
	Timestamp  time.Time      `json:"timestamp"`
	Updated    time.Time      `json:"last_updated,omitzero"`
	Version    int64          `json:"version" min:"1"`
	Tooling    string         `json:"tooling,omitempty"`
	Statements []VEXStatement `json:"statements" min:"1" max:"100000"`
}

// The statuses of a VEXStatement.
const (
	NotAffected        = "not_affected"
	Affected           = "affected"
	Fixed              = "fixed"
	UnderInvestigation = "under_investigation"
)

// VEXStatement is about one vulnerability.
type VEXStatement struct {
	Vulnerability Vulnerability `json:"vulnerability"`
	Products      []VEXProduct  `json:"products,omitempty" max:"100000"`
	Timestamp     time.Time     `json:"timestamp,omitzero"`
	Status        string        `json:"status" enum:"not_affected affected fixed under_investigation"`
	Notes         string        `json:"status_notes,omitempty"`
	Justification string        `json:"justification,omitempty" enum:"component_not_present vulnerable_code_not_present vulnerable_code_not_in_execute_path vulnerable_code_cannot_be_controlled_by_adversary inline_mitigations_already_exist"`
	Impact        string        `json:"impact_statement,omitempty"`
	Action        string        `json:"action_statement,omitempty"`
}

// Vulnerability is named by its identifier, such as CVE-2025-32434.
type Vulnerability struct {
	ID          string   `json:"@id,omitempty"`
	Name        string   `json:"name" min:"1" max:"200"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty" max:"1000"`
}

// VEXProduct is what a statement is about.
type VEXProduct struct {
	ID          string            `json:"@id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
	Parts       []VEXPart         `json:"subcomponents,omitempty" max:"100000"`
}

// VEXPart is a component of a product, where the vulnerability is.
type VEXPart struct {
	ID          string            `json:"@id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
}

// parseVEX reads an OpenVEX document.
func parseVEX(st *evidence.Statement) (Predicate, error) {
	v := &VEX{}
	if err := lenient(st.Predicate, v); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(v.Context, "https://openvex.dev/ns") {
		return nil, fmt.Errorf("@context %q is not that of OpenVEX: %w", text(v.Context), evidence.ErrMalformed)
	}
	for _, s := range v.Statements {
		switch {
		case s.Status == NotAffected && s.Justification == "" && s.Impact == "":
			return nil, fmt.Errorf("%s is not_affected without a justification: %w", text(s.Vulnerability.Name), evidence.ErrMalformed)
		case s.Status == Affected && s.Action == "":
			return nil, fmt.Errorf("%s is affected without an action_statement: %w", text(s.Vulnerability.Name), evidence.ErrMalformed)
		}
	}
	return v, nil
}
