// Command release makes the files of a release: a binary in an archive for every platform, a container image, checksums and,
// with a private key, bills of materials, provenance and a signature over all of it. It is for maintainers, who run it by make
// release, and for anyone who wants to see with make release-verify that a release was made from the source.
//
// It builds what is committed, with no network but that of the go command, and takes every time from the commit. It uploads
// nothing, makes no tag and makes up no key.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/picketsec/picket/release/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	version    string
	revision   string
	source     string
	out        string
	targets    []build.Target
	privateKey string
	builder    string
	verify     string
	publicKey  string
	reuseCache bool
}

// parse reads the flags.
func parse(args []string, w io.Writer) (options, error) {
	var o options
	var targets string
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.StringVar(&o.version, "version", "", "version of the release, such as v1.2.3 (default: the tag of the commit, else Go's name for it)")
	flags.StringVar(&o.revision, "commit", "HEAD", "git revision to build; changes that are not committed are not in a release")
	flags.StringVar(&o.source, "source", ".", "folder of the repository")
	flags.StringVar(&o.out, "out", "dist", "folder to make; it must not exist")
	flags.StringVar(&targets, "targets", "", "platforms as os/arch, separated by commas (default: all)")
	flags.StringVar(&o.privateKey, "private-key", "", "PEM file with the EC private key that signs; without it the release is not signed")
	flags.StringVar(&o.builder, "builder", localBuilder, "URI of the system that builds, for the provenance")
	flags.StringVar(&o.verify, "verify", "", "build again and compare with the release in this folder, instead of making one")
	flags.StringVar(&o.publicKey, "public-key", "", "with --verify: PEM file with the public key of the release")
	flags.BoolVar(&o.reuseCache, "reuse-cache", false, "believe what the Go build cache of this user holds, instead of compiling everything")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q; release --help lists the flags", flags.Arg(0))
	}
	switch {
	case o.verify == "" && o.publicKey != "":
		return o, errors.New("--public-key is for --verify")
	case o.verify != "" && (o.privateKey != "" || targets != "" || o.version != ""):
		return o, errors.New("--verify takes the version and the platforms from the release and signs nothing")
	}
	o.targets = build.Targets()
	if targets != "" {
		o.targets = nil
		for name := range strings.SplitSeq(targets, ",") {
			t, err := build.ParseTarget(name)
			if err != nil {
				return o, err
			}
			o.targets = append(o.targets, t)
		}
	}
	return o, nil
}

// run is main without os.Exit.
func run(ctx context.Context, args []string, w io.Writer) error {
	o, err := parse(args, w)
	if err != nil {
		return err
	}
	if o.verify != "" {
		return verifyRelease(ctx, o, w)
	}
	return makeRelease(ctx, o, w)
}
