// Package https is the source of artifacts that are single files of a web server, named by their address. Files beside them,
// in the same folder, are read when a rule needs them. It follows no links of pages and lists no folders.
package https

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/detect"
)

// maxBeside bounds how many files beside an artifact are looked for.
const maxBeside = 64

// File is a place: one file of a server.
type File struct {
	client   *fetch.Client
	url      *url.URL
	shown    string
	declared picket.Digest
}

// New makes the place for an address. A user and a password in it are sent as basic authentication, and shown nowhere. A
// fragment sha256=<64 hex digits> declares the digest of the content.
func New(o fetch.Options, address string) (*File, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("the address is not a URL")
	}
	if u.Path == "" || strings.HasSuffix(u.Path, "/") {
		return nil, errors.New("the address names no file")
	}
	f := &File{url: u}
	if sum, ok := strings.CutPrefix(u.Fragment, "sha256="); ok {
		if f.declared, err = picket.ParseDigest("sha256:" + sum); err != nil {
			return nil, fmt.Errorf("read the digest of the address: %w", err)
		}
	}
	var site fetch.Site
	if u.User != nil {
		password, _ := u.User.Password()
		name := u.User.Username()
		site.Sign = func(r *http.Request) error { r.SetBasicAuth(name, password); return nil }
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	site.URL = u.String()
	f.shown = strings.TrimSuffix(fetch.Redact(u), "?…")
	if f.client, err = fetch.New(o, site); err != nil {
		return nil, err
	}
	return f, nil
}

// List implements source.Place.
func (f *File) List(ctx context.Context) (*source.Listing, error) {
	file := fetch.File{Client: f.client, URL: f.url.String(), Size: -1}
	first, err := file.Open(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find %s: %w", f.shown, err), f.client.Close())
	}
	size := first.Blob.Size()
	if err := first.Close(); err != nil {
		return nil, err
	}
	l := &source.Listing{Target: f.shown, Base: f.shown[:strings.LastIndex(f.shown, "/")+1]}
	if source.Plain(f.url) {
		l.Findings = append(l.Findings, source.Unencrypted(f.shown))
	}
	l.Items = []detect.Item{{Name: f.shown, Size: size, Declared: f.declared, Open: func() (*detect.Opened, error) {
		opened, err := file.Open(ctx)
		if err != nil {
			return nil, err
		}
		b := source.NewBeside(ctx, f.beside())
		opened.Sibling = b.Sibling
		own := opened.Close
		opened.Close = func() error { return errors.Join(own(), b.Close()) }
		return opened, nil
	}}}
	l.Hold(f.client)
	return l, nil
}

// beside finds files of the same folder. An address that is signed by its query has none.
func (f *File) beside() func(name string) (source.Entry, error) {
	known := map[string]bool{}
	return func(name string) (source.Entry, error) {
		if source.CheckPath(name) != nil || f.url.RawQuery != "" {
			return source.Entry{}, errors.New("the path leaves its folder, or the address is for one file")
		}
		if known[name] = true; len(known) > maxBeside {
			return source.Entry{}, fmt.Errorf("more than %d files were looked for", maxBeside)
		}
		u := *f.url
		u.Path, u.RawPath = path.Join(path.Dir(f.url.Path), name), ""
		return source.Entry{Path: name, Size: -1, Open: fetch.File{Client: f.client, URL: u.String(), Size: -1}.Open}, nil
	}
}
