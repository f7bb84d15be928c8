// Package fetch is the one HTTP client of all remote places: it reads files by ranges, so that a scan transfers the bytes that
// its rules need and no more, and copies whole files so that an interrupted copy can go on. It is for the packages that know a
// kind of place.
//
// It treats the server as hostile. Credentials go to the site that the operator named and nowhere else; redirects lead only
// where the protocol of the place allows; addresses of this machine, of private networks and of cloud metadata services are
// refused unless the operator named them, whatever a name resolves to; answers are bounded; content that changes while it is
// read is an error. It keeps no cookies, runs nothing and stores nothing on disk but one unlinked temporary file for a server
// that cannot serve ranges, and that only where the operator allows it.
package fetch

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Options are the operator's settings for all sites. The zero value is usable.
type Options struct {
	// CAFile names a file of PEM certificates that are trusted besides those of the system; empty for none.
	CAFile string
	// InsecureHTTP allows sites without encryption. Without it only this machine may be reached so.
	InsecureHTTP bool
	// Hosts are further hosts that redirects may lead to: "cdn.example.com", or "*.example.com" for all below it. One that is
	// listed by its whole name, with or without a port, may be on a private network.
	Hosts []string
	// Proxy chooses the proxy of a request; nil reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Behind a proxy it is the proxy that
	// resolves names, so that it has to refuse the addresses that a name must not lead to.
	Proxy func(*http.Request) (*url.URL, error)
	// UserAgent is sent with each request; empty for "picket".
	UserAgent string
	// Scratch is a folder for unlinked temporary files, which hold large files of servers without ranges; empty reads such
	// files forward only.
	Scratch string
	// Attempts is how often a request is sent at most when it fails in a way that may pass; 0 for 5.
	Attempts int
	// Backoff is the pause before the second attempt; it doubles with each one. 0 for half a second.
	Backoff time.Duration
	// Patience is the longest pause that a server may ask for with Retry-After; 0 for 30 seconds.
	Patience time.Duration
	// Idle is how long a server may send nothing; 0 for one minute.
	Idle time.Duration
	// Meter counts what is transferred; may be nil.
	Meter *Meter
}

// withDefaults fills what was left open.
func (o Options) withDefaults() Options {
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.UserAgent == "" {
		o.UserAgent = "picket"
	}
	if o.Attempts <= 0 {
		o.Attempts = 5
	}
	if o.Backoff <= 0 {
		o.Backoff = 500 * time.Millisecond
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	if o.Idle <= 0 {
		o.Idle = time.Minute
	}
	if o.Meter == nil {
		o.Meter = &Meter{}
	}
	return o
}

// Site is one server that the operator named.
type Site struct {
	// URL is its address in the operator's words; its scheme, host and port count.
	URL string
	// Plain says that the operator asked for a connection without encryption in so many words.
	Plain bool
	// Hosts are the hosts that the protocol of the place sends clients to, as in Options.Hosts; "*" stands for every public host.
	Hosts []string
	// Sign adds credentials to a request. It is called for each request to the site itself, and for no other. May be nil.
	Sign func(*http.Request) error
}

// Meter counts requests and bytes. It is safe for concurrent use.
type Meter struct{ requests, bytes atomic.Int64 }

// Requests is how many requests were sent, repeated and redirected ones included.
func (m *Meter) Requests() int64 { return m.requests.Load() }

// Bytes is how many bytes of bodies were received.
func (m *Meter) Bytes() int64 { return m.bytes.Load() }
