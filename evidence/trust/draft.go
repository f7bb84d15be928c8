package trust

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/picketsec/picket"
	"github.com/picketsec/picket/evidence"
)

// Draft is a version that is being signed. It becomes part of the history when enough signers have signed it.
type Draft struct {
	history *History // nil before the first version
	version *version
}

// Next begins the version after h, which is nil for the first. The same definition gives the same version.
func (h *History) Next(d *Definition) (*Draft, error) {
	normal, err := d.normal()
	if err != nil {
		return nil, fmt.Errorf("make trust root: %w", err)
	}
	p := &predicate{Schema: Schema, Number: 1, Definition: *normal}
	if h != nil {
		p.Number, p.Previous = h.newest().Number+1, h.newest().digest
	}
	payload, err := p.statement()
	if err != nil {
		return nil, err
	}
	return h.draft(payload)
}

// Resume continues a draft of which some signatures were made elsewhere.
func (h *History) Resume(bundles []*evidence.Bundle) (*Draft, error) {
	if len(bundles) == 0 {
		return nil, fmt.Errorf("resume trust root: there is no signature in it: %w", evidence.ErrMalformed)
	}
	d, err := h.draft(bundles[0].Payload())
	if err != nil {
		return nil, err
	}
	for _, b := range bundles {
		if err := d.Add(b); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// draft reads a version that follows h.
func (h *History) draft(payload []byte) (*Draft, error) {
	var last *version
	var now func() time.Time
	if h != nil {
		last, now = h.newest(), h.now
	}
	v, err := parseVersion(payload, now)
	if err == nil {
		err = follows(last, v)
	}
	if err != nil {
		return nil, fmt.Errorf("make trust root: %w", err)
	}
	return &Draft{history: h, version: v}, nil
}

// Payload are the bytes of the statement that every signer signs.
func (d *Draft) Payload() []byte { return d.version.payload }

// Number and Digest identify the version.
func (d *Draft) Number() int { return d.version.Number }

// Digest identifies the version that is being made.
func (d *Draft) Digest() picket.Digest { return d.version.digest }

// Project is the project that the version belongs to.
func (d *Draft) Project() string { return d.version.Project }

// views are the versions whose signers must sign.
func (d *Draft) views() []*version {
	if d.history == nil {
		return []*version{d.version}
	}
	return []*version{d.version, d.history.newest()}
}

// Add adds a signature. It must be one of a signer of this version or of the one before, who has not signed yet.
func (d *Draft) Add(b *evidence.Bundle) error {
	if string(b.Payload()) != string(d.version.payload) {
		return fmt.Errorf("sign trust root: the signature is over something else than version %d: %w", d.version.Number, evidence.ErrSignature)
	}
	bundles := append(slices.Clone(d.version.bundles), line{len(d.version.bundles) + 1, b})
	if _, err := count(bundles, d.views()); err != nil {
		return fmt.Errorf("sign trust root: %w", err)
	}
	d.version.bundles = bundles
	return nil
}

// Bundles are the signatures so far.
func (d *Draft) Bundles() []*evidence.Bundle {
	var all []*evidence.Bundle
	for _, l := range d.version.bundles {
		all = append(all, l.bundle)
	}
	return all
}

// Missing says which signatures are missing, one sentence for each version that demands some; none when it is complete.
func (d *Draft) Missing() ([]string, error) {
	counts, err := count(d.version.bundles, d.views())
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, c := range counts {
		if c.missing() > 0 {
			missing = append(missing, c.String())
		}
	}
	return missing, nil
}

// Finish returns the history with the version in it, after everything that a reader will check.
func (d *Draft) Finish(now func() time.Time) (*History, error) {
	if missing, err := d.Missing(); err != nil || len(missing) > 0 {
		return nil, fmt.Errorf("signatures are missing: %v: %w", missing, errors.Join(ErrSigners, err))
	}
	all, anchor := d.Bundles(), Anchor{Digest: d.version.digest}
	if d.history != nil {
		all, anchor = append(d.history.Bundles(), all...), Anchor{Digest: d.history.versions[0].digest}
	}
	h, err := ReadHistory(all, anchor, now)
	if err == nil {
		_, err = h.Root()
	}
	if err != nil {
		return nil, fmt.Errorf("the new version would not be accepted: %w", err)
	}
	return h, nil
}
