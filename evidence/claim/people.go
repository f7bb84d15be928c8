package claim

import (
	"time"

	"github.com/picketsec/picket"
)

// Review is what people found who looked at the content. One that approves needs two different signers of the same statement.
type Review struct {
	Schema    string       `json:"schema" const:"picket.review/1"`
	Time      time.Time    `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Reviewer  string       `json:"reviewer" min:"1" max:"200" doc:"Who led the review; who signed is what counts."`
	Outcome   string       `json:"outcome" enum:"approved changes-requested rejected"`
	Checklist []CheckPoint `json:"checklist" max:"1000"`
	Comments  string       `json:"comments,omitempty" max:"20000"`
}

// CheckPoint is one point of a review's checklist.
type CheckPoint struct {
	Item string `json:"item" min:"1"`
	Done bool   `json:"done" doc:"Whether it was looked at and found to be so."`
	Note string `json:"note,omitempty"`
}

// Approval lets the content be used somewhere for something. It is never made by who made the content.
type Approval struct {
	Schema       string    `json:"schema" const:"picket.approval/1"`
	Time         time.Time `json:"time" doc:"When it was given, by the clock of whoever signed: self-asserted."`
	Environments []string  `json:"environments" min:"1" max:"100" doc:"Where it may be used, such as production."`
	Use          string    `json:"use,omitempty" doc:"What it may be used for; left out for every use that is declared."`
	Conditions   []string  `json:"conditions,omitempty" max:"100" doc:"What people must see to; no program checks them."`
	Expires      time.Time `json:"expires,omitzero" doc:"It does not count from then on; left out when it holds until it is revoked."`
}

// Exception lets the content pass although rules are against it, until a day. It needs two different signers of the same
// statement, and nobody of them made the content.
type Exception struct {
	Schema      string    `json:"schema" const:"picket.exception/1"`
	Time        time.Time `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Rules       []string  `json:"rules" min:"1" max:"100" doc:"Exact identifiers of the rules of a policy, or of findings."`
	Reason      string    `json:"reason" min:"1"`
	RequestedBy string    `json:"requestedBy" min:"1" max:"200"`
	Expires     time.Time `json:"expires" doc:"It does not count from then on."`
}

// VendorAssessment is what came out of looking at who supplies the content. It ages.
type VendorAssessment struct {
	Schema     string        `json:"schema" const:"picket.vendor-assessment/1"`
	Time       time.Time     `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Vendor     string        `json:"vendor" min:"1" max:"200"`
	Scope      string        `json:"scope" min:"1" doc:"What was looked at: a product, a service, a process."`
	Result     string        `json:"result" enum:"accepted conditional rejected"`
	Conditions []string      `json:"conditions,omitempty" max:"100"`
	Assessor   string        `json:"assessor,omitempty" max:"200"`
	Report     picket.Digest `json:"report,omitempty" doc:"SHA-256 of the report that says more."`
	Assessed   time.Time     `json:"assessed"`
	Expires    time.Time     `json:"expires" doc:"It does not count from then on."`
}

// Declaration says what the content is for, who answers for it, and how bad it would be if it went wrong.
type Declaration struct {
	Schema string    `json:"schema" const:"picket.declaration/1"`
	Time   time.Time `json:"time" doc:"When it was written, by the clock of whoever signed: self-asserted."`
	Owner  string    `json:"owner" min:"1" max:"200" doc:"Who answers for it: a team or a person."`
	Use    string    `json:"use" min:"1" doc:"What it is meant for."`
	Misuse []string  `json:"misuse,omitempty" max:"100" doc:"What it must not be used for."`
	Impact Impact    `json:"impact"`
}

// Impact is how bad it would be for the business, from none to high.
type Impact struct {
	Leak       string `json:"leak" enum:"none low moderate high" doc:"What the content knows becomes known to others."`
	Fraud      string `json:"fraud" enum:"none low moderate high" doc:"Somebody gains by steering its answers."`
	Regulator  string `json:"regulator" enum:"none low moderate high" doc:"An authority finds that duties were not met."`
	Disruption string `json:"disruption" enum:"none low moderate high" doc:"It is not there, or not usable."`
}

// Levels of an Impact, from the least.
const (
	ImpactNone     = "none"
	ImpactLow      = "low"
	ImpactModerate = "moderate"
	ImpactHigh     = "high"
)

// Worst is the highest of the four.
func (i Impact) Worst() string {
	for _, level := range []string{ImpactHigh, ImpactModerate, ImpactLow} {
		for _, got := range []string{i.Leak, i.Fraud, i.Regulator, i.Disruption} {
			if got == level {
				return level
			}
		}
	}
	return ImpactNone
}
