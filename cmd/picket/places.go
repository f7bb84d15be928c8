package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/artifact/source"
	"github.com/picketsec/picket/artifact/source/dir"
	"github.com/picketsec/picket/artifact/source/fetch"
	"github.com/picketsec/picket/artifact/source/resolve"
	"github.com/picketsec/picket/internal/limits"
)

// placeFlags say how places on the network may be reached.
type placeFlags struct {
	caFile       string
	insecureHTTP bool
	hosts        []string
}

// add declares the flags.
func (p *placeFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.caFile, "ca-file", "", "PEM `FILE` with certificates to trust beside those of the system, for addresses")
	f.BoolVar(&p.insecureHTTP, "insecure-http", false, "allow addresses without encryption on other machines")
	f.StringSliceVar(&p.hosts, "allow-host", nil, "`HOST` that an address may redirect to, or *.DOMAIN (may be repeated)")
}

// addresses is the help on what may stand in place of a path.
func addresses() string {
	var b strings.Builder
	b.WriteString("An address may stand in place of a path; it is read over the network, only as far as the rules need:\n")
	for _, k := range resolve.Kinds() {
		fmt.Fprintf(&b, "  %-42s %s\n", k.Form, k.Holds)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// list finds what the arguments name: files, folders, addresses; "-" is standard input.
func (s scanFlags) list(ctx context.Context, env Env, args []string) (*source.Listing, error) {
	remote := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return !resolve.Remote(a) })
	paths := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-" || resolve.Remote(a) })
	listing := &source.Listing{}
	if len(paths) > 0 {
		local, err := dir.List(ctx, paths)
		if err != nil {
			return nil, usageError{err}
		}
		listing = local
	}
	if slices.Contains(args, "-") {
		listing.Items = append(listing.Items, dir.Stdin(env.Stdin, s.scratch, limits.Default().Buffer))
	}
	for _, address := range remote {
		if err := s.listPlace(ctx, env, listing, address); err != nil {
			return nil, errors.Join(err, listing.Close())
		}
	}
	if len(args) > 1 {
		listing.Root, listing.Base = "", ""
	}
	return listing, nil
}

// listPlace adds what is at an address.
func (s scanFlags) listPlace(ctx context.Context, env Env, all *source.Listing, address string) error {
	place, err := resolve.Place(resolve.Options{Getenv: env.Getenv, Home: env.Home, Fetch: fetch.Options{
		CAFile: s.places.caFile, InsecureHTTP: s.places.insecureHTTP, Hosts: s.places.hosts, Scratch: s.scratch,
		UserAgent: "picket/" + version(), Meter: s.meter,
	}}, address)
	if err != nil {
		return usageError{err}
	}
	l, err := place.List(ctx)
	if err != nil {
		return err
	}
	all.Hold(l)
	all.Items = append(all.Items, l.Items...)
	all.Skipped = append(all.Skipped, l.Skipped...)
	all.Findings = append(all.Findings, l.Findings...)
	all.Base, all.Target = l.Base, strings.TrimPrefix(all.Target+", "+l.Target, ", ")
	return nil
}

// origin says where artifacts came from over the network, and what that cost; nil for files of this machine.
func (i *inspection) origin() *picket.Origin {
	if i.listing.Target == "" {
		return nil
	}
	o := &picket.Origin{Place: i.listing.Target, Transferred: i.flags.meter.Bytes(), Requests: i.flags.meter.Requests()}
	for _, item := range i.listing.Items {
		o.Size += max(0, item.Size)
	}
	return o
}
