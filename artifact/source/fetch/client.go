package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxHops bounds how many redirects follow each other.
const maxHops = 10

// Client asks one site. It is an http.RoundTripper that follows redirects and repeats what may pass, and safe for concurrent
// use.
type Client struct {
	options Options
	site    Site
	guard   *guard
	http    *http.Transport
	recent  recent
}

// New makes the client of a site. It fails for a site that is not an address of the web, or for unreadable certificates.
func New(o Options, s Site) (*Client, error) {
	o = o.withDefaults()
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" {
		return nil, errors.New("the address of the site is not a URL")
	}
	if u.User != nil {
		return nil, fmt.Errorf("the address of the site %s holds credentials; give them where such a place takes them", Redact(u))
	}
	g := &guard{site: u, plain: o.InsecureHTTP || s.Plain, hosts: append(append([]string{}, s.Hosts...), o.Hosts...)}
	for _, h := range o.Hosts {
		g.trusted = append(g.trusted, strings.ToLower(h))
	}
	if err := g.check(u); err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		if config.RootCAs, err = roots(o.CAFile); err != nil {
			return nil, err
		}
	}
	t := &http.Transport{
		DialContext: g.dial, Proxy: g.proxy(o.Proxy), TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: o.Idle, IdleConnTimeout: 90 * time.Second,
		MaxIdleConnsPerHost: 16, MaxResponseHeaderBytes: 256 << 10,
	}
	return &Client{options: o, site: s, guard: g, http: t}, nil
}

// roots are the certificates of the system and those of a file.
func roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read certificates: %s holds none in PEM form", file)
	}
	return pool, nil
}

// Close closes the connections that no request uses. It implements io.Closer.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// RoundTrip implements http.RoundTripper. It follows redirects of requests without a body, and repeats them when they fail in a
// way that may pass. The request of the response is the last one that was sent. Errors never show credentials.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	for hop := 0; ; hop++ {
		if err := c.guard.check(r.URL); err != nil {
			return nil, err
		}
		resp, err := c.persist(r)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Method, Redact(r.URL), bare(err))
		}
		location := resp.Header.Get("Location")
		if resp.StatusCode/100 != 3 || location == "" || r.Body != nil && r.Body != http.NoBody {
			return resp, nil
		}
		drain(resp)
		next, err := r.URL.Parse(location)
		if err != nil || hop == maxHops {
			return nil, fmt.Errorf("%s %s: a redirect without an end, or to no address", r.Method, Redact(r.URL))
		}
		r = c.redirected(r, next)
	}
}

// redirected is the request for where a redirect leads. Only what describes the range goes to another server.
func (c *Client) redirected(r *http.Request, to *url.URL) *http.Request {
	next := r.Clone(r.Context())
	next.URL, next.Host = to, ""
	if to.Scheme == r.URL.Scheme && hostPort(to) == hostPort(r.URL) {
		return next
	}
	kept := http.Header{}
	for _, name := range []string{"Accept", "Accept-Encoding", "Range", "If-Range", "User-Agent"} {
		if v := r.Header.Values(name); len(v) > 0 {
			kept[name] = v
		}
	}
	next.Header = kept
	return next
}

// bare drops the address from an error of net/url, because the message names it without its secrets.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// persist sends a request until it is answered, with pauses.
func (c *Client) persist(r *http.Request) (*http.Response, error) {
	repeatable := (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.Body == nil || r.Body == http.NoBody)
	for attempt := 1; ; attempt++ {
		resp, err := c.once(r)
		last := !repeatable || attempt >= c.options.Attempts
		if err != nil && (last || final(err) || r.Context().Err() != nil) {
			return nil, err
		}
		if err == nil && (last || !passing(resp.StatusCode)) {
			return resp, nil
		}
		pause := c.pause(attempt)
		if err == nil {
			asked, ok := retryAfter(resp.Header.Get("Retry-After"))
			if ok && asked > c.options.Patience {
				return resp, nil
			}
			if ok {
				pause = max(pause, asked)
			}
			drain(resp)
		}
		if err := sleep(r.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// pause is how long to wait after the given attempt, up to a quarter more by chance, so that many clients do not return at once.
func (c *Client) pause(attempt int) time.Duration {
	d := min(c.options.Backoff<<min(attempt-1, 6), c.options.Patience)
	return d + rand.N(d/4+1) //nolint:gosec // no secret
}

// sleep waits, or returns early with the error of a context that ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// final reports whether an error will be the same the next time.
func final(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	return errors.Is(err, ErrRefused) || errors.Is(err, context.Canceled)
}

// passing reports whether a status may be another one the next time.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter reads a pause in seconds or as a date.
func retryAfter(v string) (time.Duration, bool) {
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1<<30 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// once sends a request one time and watches its body.
func (c *Client) once(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	sent := r.Clone(ctx)
	if sent.Header == nil {
		sent.Header = http.Header{}
	}
	sent.Header.Set("User-Agent", c.options.UserAgent)
	if c.guard.atSite(r.URL) && c.site.Sign != nil {
		if err := c.site.Sign(sent); err != nil {
			cancel(err)
			return nil, err
		}
	}
	c.options.Meter.requests.Add(1)
	resp, err := c.http.RoundTrip(sent)
	if err != nil {
		cancel(err)
		return nil, err
	}
	resp.Request = r
	resp.Body = &body{in: resp.Body, cancel: cancel, ctx: ctx, idle: c.options.Idle, meter: c.options.Meter}
	return resp, nil
}

// body is the body of a response that ends when the server sends nothing for too long.
type body struct {
	in     io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration
	meter  *Meter
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	t := time.AfterFunc(b.idle, func() { b.cancel(fmt.Errorf("the server sent nothing for %s", b.idle)) })
	n, err := b.in.Read(p)
	t.Stop()
	b.meter.bytes.Add(int64(n))
	if cause := context.Cause(b.ctx); err != nil && !errors.Is(err, io.EOF) && cause != nil {
		err = cause
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.cancel(context.Canceled)
	return b.in.Close()
}

// drain reads the small rest of an answer, so that its connection can be used again, and closes it.
func drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}
