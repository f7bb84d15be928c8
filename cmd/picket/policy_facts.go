package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/picketsec/picket/claimstore"
	"github.com/picketsec/picket/evidence"
	"github.com/picketsec/picket/evidence/claim"
	"github.com/picketsec/picket/evidence/lineage"
	"github.com/picketsec/picket/evidence/trust"
	"github.com/picketsec/picket/policy"
)

// factFlags are the flags that bring facts beyond what lies beside the content.
type factFlags struct {
	hashFlags
	trust  trustFlags
	claims []string
	head   string
	impact []string
}

// add declares the flags.
func (f *factFlags) add(cmd *cobra.Command) {
	f.hashFlags.add(cmd)
	f.trust.add(cmd)
	cmd.Flags().StringArrayVar(&f.claims, "claims", nil, "`PLACE` with more claims, about the content or what it was made from: a file, or a folder with\n"+
		"claims.jsonl, *.claims.jsonl and *.sig at any depth (may be repeated)")
	cmd.Flags().StringArrayVar(&f.impact, "impact", nil, "`PART=LEVEL` raises the declared impact: leak, fraud, regulator or disruption to low, moderate or high\n"+
		"(may be repeated; nothing lowers it)")
}

// addHead declares the flag of verbs that decide on one piece of content.
func (f *factFlags) addHead(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.head, "head", "", "`FILE` with the head of the claims as it was last known: a signed head, an earlier copy of the claims that\n"+
		"ends in one, or JSON with count and root. Claims that do not continue it are denied")
}

// gathered is what a decision rests on.
type gathered struct {
	policy.Facts
	claims []*claim.Claim
}

// gather hashes the content and checks all claims about it. Content that cannot be hashed is a fact, which denies; so is a
// lineage that is too large to be walked.
func (f factFlags) gather(ctx context.Context, env Env, c *content, root *trust.Root) (gathered, error) {
	now := env.Now().UTC()
	m, err := f.hash(ctx, env, c)
	if ctx.Err() != nil {
		return gathered{}, ctx.Err()
	}
	if err != nil {
		return gathered{Facts: policy.Facts{Artifact: policy.Artifact{Path: c.path, Name: c.name}, Now: now, Failure: err.Error()}}, nil //nolint:nilerr // a fact that denies
	}
	entries := c.entries()
	c.complete(root, m, entries)
	more, err := f.more(c)
	if err != nil {
		return gathered{}, err
	}
	options := claim.Options{Authority: root, Content: m, Now: now}
	set := claim.Gather(slices.Concat(entries, more), options)
	err = lineage.Enforce(set, options)
	g := gathered{claims: set.Claims}
	g.Facts = policy.NewFacts(c.path, m, set.Claims, now)
	g.Notices = root.Warnings()
	var graph *lineage.Graph
	if err == nil {
		graph, err = lineage.New(set.All())
	}
	if err != nil {
		g.Failure = err.Error()
		return g, nil
	}
	g.AddLineage(graph, set.All())
	if err := f.raise(&g.Facts); err != nil {
		return gathered{}, err
	}
	return g, f.compare(&g.Facts, entries, options)
}

// raise applies what the operator knows of the impact.
func (f factFlags) raise(facts *policy.Facts) error {
	for _, given := range f.impact {
		part, word, _ := strings.Cut(given, "=")
		level, err := policy.ParseLevel(word)
		if err != nil {
			return usagef("--impact %s: %w", given, err)
		}
		if !facts.Impact.Raise(part, level) {
			return usagef("--impact %s: %q is not one of leak, fraud, regulator, disruption", given, part)
		}
	}
	return nil
}

// compare holds the claims beside the content against the head that is known. The claims of other places are other files and
// have heads of their own.
func (f factFlags) compare(facts *policy.Facts, entries []claim.Entry, options claim.Options) error {
	if f.head == "" {
		return nil
	}
	head, signed, err := readHead(f.head, options)
	if err != nil {
		return usagef("--head %s: %w", f.head, err)
	}
	facts.Head = policy.Head{State: policy.HeadMatches, Signed: signed}
	if err := claim.CheckHead(entries, head); err != nil {
		facts.Head.State, facts.Head.Detail = policy.HeadDiffers, err.Error()
	}
	return nil
}

// readHead reads a known head: the last one that someone signed who may, or plain JSON that the operator kept.
func readHead(name string, options claim.Options) (head *claim.Head, signed bool, err error) {
	if _, err := os.Stat(name); err != nil {
		return nil, false, err
	}
	data, err := readSmall(name, evidence.MaxBundle)
	if err != nil {
		data = nil // larger than one bundle: a copy of the claims
	}
	entries := claimstore.Entries(name, filepath.Base(name))
	if bundle, err := evidence.ParseBundle(data); err == nil {
		entries = []claim.Entry{{File: filepath.Base(name), Bundle: bundle}}
	}
	var refusal error
	for _, e := range entries {
		if e.Bundle == nil {
			continue
		}
		c := claim.Check(e.Source(), e.Bundle, options)
		if h, ok := c.Predicate.(*claim.Head); ok { // one that fails a check, such as one from the future, is no head
			head = h
		} else if c.Failure != nil {
			refusal = fmt.Errorf("%s: %w", c.Source, c.Failure)
		}
	}
	if head != nil {
		return head, true, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	head = &claim.Head{}
	err = dec.Decode(head)
	if _, end := dec.Token(); err != nil || !errors.Is(end, io.EOF) || head.Count < 1 || head.Root == "" {
		return nil, false, errors.Join(errors.New("it holds neither a head that someone in the trust root signed, nor JSON with count and root"), refusal)
	}
	return head, false, nil
}

// more reads the claims of the places that were given, but for those of the content, which are read already.
func (f factFlags) more(c *content) ([]claim.Entry, error) {
	entries, err := readClaims(f.claims)
	if err != nil {
		return nil, err
	}
	own := func(e claim.Entry) bool { return sameFile(e.File, c.claims) || sameFile(e.File, c.sig) }
	return slices.DeleteFunc(entries, own), nil
}

// sameFile reports whether two names lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
