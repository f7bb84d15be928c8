package policy

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/picketsec/picket"
)

// Facts are what a policy decides on. Conditions see them as variables, see Reference. Only claims that count are in the
// lists of their kind; Claims lists all but decisions, with the reason why one does not count. Decisions are in none: what a gate
// said yesterday is no reason to say it again.
type Facts struct {
	Artifact Artifact
	// Scan is the one that decides: a malicious one whenever there is one, else the newest or the last of Scans, whichever
	// is worse: a later scan knows more and covers the same digest. Nil when there is none; a condition that asks for it then fails and denies.
	Scan  *Scan `yaml:"-"`
	Scans []Scan

	Signatures      []Signature
	Manifests       []Manifest
	Boms            []Bom
	Provenance      []Provenance
	Training        []Training
	Datasets        []Dataset
	Evaluations     []Evaluation
	Vulnerabilities []Vulnerability
	Reviews         []Review
	Approvals       []Approval
	Exceptions      []Exception
	Assessments     []Assessment
	Declarations    []Declaration
	Revocations     []Revocation

	Claims  []Claim
	Impact  Impact
	Lineage Lineage
	Head    Head
	Now     time.Time
	// Failure is why the content could not be hashed or its lineage not be walked; empty when both were. What nobody knows is denied.
	Failure string
	// Notices are what the trust root has to say, such as who ends soon. They become warnings.
	Notices []string
}

// Digest is the SHA-256 of the facts: two decisions of one policy on the same facts are the same.
func (f *Facts) Digest() (picket.Digest, error) {
	data, err := json.Marshal(f) //nolint:musttag // nobody reads it: only its digest is kept
	if err != nil {
		return "", fmt.Errorf("hash facts: %w", err)
	}
	return picket.SHA256(sha256.Sum256(data)), nil
}

// Artifact is the content that is decided on.
type Artifact struct {
	Path     string   `cel:"path" doc:"as it was given to the gate"`
	Name     string   `cel:"name" doc:"last element of the path"`
	Digest   string   `cel:"digest" doc:"sha256: and 64 digits, see picket digest"`
	Kind     string   `cel:"kind" doc:"tree or file"`
	Size     int64    `cel:"size" doc:"bytes in all files"`
	Files    []File   `cel:"files" doc:"every file that the digest covers"`
	Excluded []string `cel:"excluded" doc:"names at the root that the digest does not cover"`
}

// File is one file of the content.
type File struct {
	Name   string `cel:"name" doc:"path below the root"`
	Digest string `cel:"digest" doc:"SHA-256 of the file"`
	Size   int64  `cel:"size" doc:"bytes"`
}

// Origin is what every claim says about itself.
type Origin struct {
	Source  string        `cel:"source" doc:"where the claim was found"`
	Signers []string      `cel:"signers" doc:"names in the trust root of everyone who signed it"`
	People  []string      `cel:"people" doc:"the different people behind the signers, as the trust root names them"`
	Time    time.Time     `cel:"time" doc:"when it was made, by the word of whoever signed; when a trusted clock saw it, if that was earlier or nobody says"`
	Trusted bool          `cel:"trusted" doc:"a trusted clock saw it: a timestamp, a transparency log or a receipt"`
	Age     time.Duration `cel:"age" doc:"from that time to now; 36500 days when the time is not known"`
}

// origin is for code that treats all claims alike.
func (o *Origin) origin() *Origin { return o }

// Claim is any claim that was found.
type Claim struct {
	Origin       `yaml:",inline"`
	Kind         string `cel:"kind" doc:"such as scan-result, see picket claims; empty when the signature does not hold or the type is not known"`
	Type         string `cel:"type" doc:"predicate type; empty when the signature does not hold"`
	Counts       bool   `cel:"counts" doc:"whether it passed every check"`
	Failure      string `cel:"failure" doc:"why it does not count"`
	Broken       bool   `cel:"broken" doc:"damaged, or signed by a trusted key and not understood"`
	Condemns     bool   `cel:"condemns" doc:"someone trusted says that this content is malicious, or revoked it"`
	Condemnation string `cel:"condemnation" doc:"who says so and why"`
}

// Impact is what harm the use of the model can do, as it was declared or as the operator raised it.
type Impact struct {
	Leak       int64 `cel:"leak" doc:"data gets out: undeclared, none, low, moderate or high"`
	Fraud      int64 `cel:"fraud" doc:"someone cheats by means of it"`
	Regulator  int64 `cel:"regulator" doc:"an authority takes action"`
	Disruption int64 `cel:"disruption" doc:"work stops"`
	Highest    int64 `cel:"highest" doc:"the highest of the four"`
}

// Lineage is what the content was made from, as far as claims tell.
type Lineage struct {
	Ancestors []Ancestor `cel:"ancestors" doc:"everything that the content was made from, directly or not"`
	Missing   []string   `cel:"missing" doc:"inputs that are named and about which no claim that counts is at hand"`
}

// Ancestor is something that the content was made from.
type Ancestor struct {
	Digest    string   `cel:"digest" doc:"of the ancestor"`
	Name      string   `cel:"name" doc:"as the training run calls it"`
	Role      string   `cel:"role" doc:"what it was used as, data, base, adapter, code or configuration"`
	Resolved  bool     `cel:"resolved" doc:"claims that count tell about it"`
	Revoked   bool     `cel:"revoked" doc:"someone who may revoked it, or what it was made from, with everything that descends from it"`
	Withdrawn bool     `cel:"withdrawn" doc:"someone who may revoked it alone"`
	Kinds     []string `cel:"kinds" doc:"the kinds of claims about it that count"`
}

// The states of a head.
const (
	HeadNone    = "none"
	HeadMatches = "matches"
	HeadDiffers = "differs"
)

// Head is how the claims compare with the last known state of their set.
type Head struct {
	State  string `cel:"state" doc:"none: nothing to compare with; matches: the claims continue a known head; differs: something was taken out or put back"`
	Detail string `cel:"detail" doc:"what differs"`
	Signed bool   `cel:"signed" doc:"the known head was signed by someone who may"`
}
