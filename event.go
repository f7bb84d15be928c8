package picket

import "time"

// Event records who did what to which content with what outcome. The command line, the gateway and the server all speak
// of what they did in events.
type Event struct {
	Time    time.Time // UTC
	Project string    // the tenancy boundary; empty on a single machine
	Actor   string    // who: a user, a key fingerprint, a service
	Verb    string    // what: scan, sign, gate, …
	Object  Digest    // to which content
	Outcome string    // allow, deny, or a verdict
	Reasons []string  // why; bounded and free of secrets
}
