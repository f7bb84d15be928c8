package main

import (
	"context"
	"fmt"
	"time"

	"github.com/picketsec/picket/transfer"
)

// staleData is how old imported vulnerability data may be before doctor warns: new reports come every day.
const staleData = 30 * 24 * time.Hour

// checkData reads every part that picket bundle import installed and compares it with what was signed.
func checkData(_ context.Context, r doctorRun) []doctorCheck {
	store := dataStore(r.env)
	parts, err := store.Installed()
	if err != nil {
		return []doctorCheck{{"data", checkFail, err.Error(), "import the bundles again: picket bundle import FILE"}}
	}
	if len(parts) == 0 {
		return []doctorCheck{{"data", checkOK, "nothing was imported into " + store.Dir + "; what is built in applies", ""}}
	}
	var checks []doctorCheck
	for _, p := range parts {
		c := doctorCheck{"data", checkOK, fmt.Sprintf("%s number %d, signed by %s on %s", p.ID(), p.Number, p.Signer, p.Time.UTC().Format(time.DateOnly)), ""}
		if _, err := store.Content(p.Part, transfer.MaxPart); err != nil {
			c.Status, c.Detail, c.Next = checkFail, p.ID()+": "+err.Error(), "import the bundle again: picket bundle import FILE"
		} else if p.Kind == transfer.Vulnerabilities && r.env.Now().Sub(p.Time) > staleData {
			c.Status, c.Next = checkWarn, "import newer data: what was reported since is not known here"
		}
		checks = append(checks, c)
	}
	return checks
}
