package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrRefused is wrapped by the error for an address that may not be reached. It is never tried again.
var ErrRefused = errors.New("refused")

// guard decides which servers may be reached.
type guard struct {
	site    *url.URL
	hosts   []string
	trusted []string // hosts that the operator listed, as host or host:port
	plain   bool     // connections without encryption are allowed to the site
	proxies sync.Map // host:port of the proxies of the operator
}

// hostPort is the host and the port of a URL, with the port that its scheme implies.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// atSite reports whether a URL is on the server that the operator named.
func (g *guard) atSite(u *url.URL) bool {
	return u.Scheme == g.site.Scheme && hostPort(u) == hostPort(g.site)
}

// check decides whether a URL may be asked at all.
func (g *guard) check(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return fmt.Errorf("%w: %s is not an address of the web", ErrRefused, Redact(u))
	case g.atSite(u):
		if u.Scheme == "http" && !g.plain && !thisMachine(u.Hostname()) {
			return fmt.Errorf("%w: %s is not encrypted; use https, or allow plain http", ErrRefused, Redact(u))
		}
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("%w: a redirect leads to %s, which is not encrypted", ErrRefused, Redact(u))
	case u.User != nil:
		return fmt.Errorf("%w: a redirect to %s carries credentials", ErrRefused, Redact(u))
	case !g.named(u):
		return fmt.Errorf("%w: a redirect leads to another host, %s; allow it if you trust it", ErrRefused, u.Host)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !public(ip) && !slices.Contains(g.trusted, u.Hostname()) && !slices.Contains(g.trusted, hostPort(u)) {
		return fmt.Errorf("%w: a redirect leads to %s, which is not a public address", ErrRefused, u.Host)
	}
	return nil
}

// named reports whether a host other than the site's may be reached.
func (g *guard) named(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == strings.ToLower(g.site.Hostname()) {
		return true // from http to https, for example; credentials stay with the port that was named
	}
	for _, pattern := range g.hosts {
		below, wild := strings.CutPrefix(strings.ToLower(pattern), "*")
		switch {
		case pattern == "*", wild && strings.HasPrefix(below, ".") && strings.HasSuffix(host, below), host == below, hostPort(u) == below:
			return true
		}
	}
	return false
}

// thisMachine reports whether a host is written as this machine.
func thisMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// special lists the networks that are not private by Go's definition and yet not the public internet.
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
		netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("fec0::/10"),
	}
}

// public reports whether an address belongs to the public internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special() {
		if p.Contains(ip.WithZone("")) {
			return false
		}
	}
	return true
}

// dial connects to address, a host and a port. What the host resolves to is checked when the connection is made, so that a name
// that changes its meaning gains nothing.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, proxy := g.proxies.Load(address)
	own := strings.EqualFold(address, hostPort(g.site))
	if host, _, err := net.SplitHostPort(address); err == nil {
		own = own || slices.Contains(g.trusted, strings.ToLower(host)) || slices.Contains(g.trusted, strings.ToLower(address))
	}
	d := net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second,
		Control: func(_, to string, _ syscall.RawConn) error {
			ip, err := netip.ParseAddrPort(to)
			if err != nil {
				return fmt.Errorf("%w: connect to %s", ErrRefused, to)
			}
			if proxy || public(ip.Addr()) || own && meant(address, ip.Addr().Unmap()) {
				return nil
			}
			return fmt.Errorf("%w: %s leads to %s, which is not a public address", ErrRefused, address, ip.Addr())
		}}
	return d.DialContext(ctx, network, address)
}

// meant reports whether the operator meant an IP that is not public when naming a host and port: one that is spelled out, one of
// this machine for localhost, or for a name one of a private network. A name never stands for a metadata service.
func meant(address string, ip netip.Addr) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap() == ip
	}
	if host == "localhost" {
		return ip.IsLoopback()
	}
	return ip.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(ip)
}

// proxy notes the proxies that the operator uses, because they may be on a private network.
func (g *guard) proxy(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if u != nil && err == nil {
			address := hostPort(u)
			if strings.HasPrefix(u.Scheme, "socks5") && u.Port() == "" {
				address = net.JoinHostPort(u.Hostname(), "1080")
			}
			g.proxies.Store(address, true)
		}
		return u, err
	}
}

// Redact shows a URL without what may be secret: credentials, and the values of its query, which sign it.
func Redact(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	text := shown.String()
	if u.RawQuery != "" {
		text += "?…"
	}
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return text
}
