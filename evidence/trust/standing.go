package trust

import (
	"fmt"
	"slices"
	"time"
)

// warnBefore is how long before an end it is announced.
const warnBefore = 30 * 24 * time.Hour

// Standing is an identity as a person wants to see it.
type Standing struct {
	Name   string `json:"name"`
	Who    string `json:"who"`    // the key, certificate or account
	Person string `json:"person"` // who holds it
	// May are the kinds of claims; Default is true when nobody chose them.
	May     []string `json:"may"`
	Default bool     `json:"default"`
	// Signer is true for one who signs the next version of the root.
	Signer     bool        `json:"signer"`
	From       time.Time   `json:"from,omitzero"`
	Until      time.Time   `json:"until,omitzero"`
	Revoked    *Revocation `json:"revoked,omitempty"`
	ReplacedBy string      `json:"replacedBy,omitempty"`
	// Validity says the same in words.
	Validity string `json:"validity"`
	// Now is empty when a claim that is signed now counts, and else why not.
	Now string `json:"now"`
}

// Standings lists the identities in the order of the root.
func (t *Root) Standings() []Standing {
	list := make([]Standing, 0, len(t.identities))
	for _, i := range t.identities {
		s := Standing{
			Name: i.Name, Who: i.title, Person: t.Person(i.Name), May: append([]string{}, i.May...), Default: i.plain,
			From: i.From, Until: i.Until, Revoked: i.Revoked, ReplacedBy: i.heir, Validity: i.term(),
			Signer: t.signed != nil && slices.Contains(t.signed.Signers, i.Name),
		}
		if i.method == "key" {
			s.Who = i.key.String()
		}
		if r := i.Revoked; r != nil {
			s.Validity += fmt.Sprintf(", revoked at %s (%s)", instant(r.At), clip(r.Reason))
		}
		if len(i.May) > 0 {
			s.Now = t.refusal(i, i.May[0], nil)
		}
		list = append(list, s)
	}
	return list
}

// Warnings say what ends within 30 days, and what is over and still listed as if it were not. In the order of the root.
func (t *Root) Warnings() []string {
	var list []string
	now := t.time()
	if now.IsZero() {
		return nil
	}
	for _, i := range t.identities {
		switch {
		case i.Revoked != nil:
		case i.heir != "" && i.Until.IsZero():
			list = append(list, fmt.Sprintf("%s is replaced by %s and has no end: give it until, or revoked with the reason rotation", i.Name, i.heir))
		case !i.Until.IsZero() && i.heir == "" && !now.Before(i.Until):
			list = append(list, fmt.Sprintf("%s ended on %s: only what it provably signed before counts", i.Name, day(i.Until)))
		case !i.Until.IsZero() && i.heir == "" && i.Until.Sub(now) <= warnBefore:
			list = append(list, fmt.Sprintf("%s ends on %s, in %s: replace it before", i.Name, day(i.Until), remaining(i.Until.Sub(now))))
		}
	}
	if t.signed != nil && t.signed.Expires.Sub(now) <= warnBefore {
		list = append(list, fmt.Sprintf("version %d of the trust root expires on %s, in %s: sign a new one before",
			t.signed.Number, day(t.signed.Expires), remaining(t.signed.Expires.Sub(now))))
	}
	return list
}

// remaining is a duration in whole days, or less than one.
func remaining(d time.Duration) string {
	switch days := int(d / (24 * time.Hour)); days {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}
