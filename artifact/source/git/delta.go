package git

import (
	"errors"
	"fmt"
	"io"
)

// errBase is returned for a delta whose base has no name yet.
var errBase = errors.New("the base of a delta is not known")

// errLarge is wrapped for an object that is too large to be held, as deltas need it.
var errLarge = errors.New("too large to be held")

// recentContents is how many contents that deltas made are held.
const recentContents = 16

// perDelta is what making a content costs besides its bytes, in bytes: chains of small ones cost time, too.
const perDelta = 1 << 10

// content is the content of an object of a kind, held in memory.
func (p *pack) content(id string, want kind) ([]byte, error) {
	o, ok := p.objects[id]
	if !ok {
		return nil, missing(id)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	content, k, err := p.make(o, 0)
	if err == nil && k != want {
		err = fmt.Errorf("object %s is a %s, and not a %s", id, k.word(), want.word())
	}
	return content, err
}

// missing is the error for an object that was not found by its name.
func missing(id string) error {
	return fmt.Errorf("the server did not send object %s, or as a difference to one that is too large to be held", id)
}

// make gives the content of an object and its kind, through all deltas that it is made of.
func (p *pack) make(o *object, depth int) ([]byte, kind, error) {
	if depth > maxChain {
		return nil, 0, fmt.Errorf("more than %d deltas on top of each other", maxChain)
	}
	for _, m := range p.recent {
		if m.of == o {
			return m.content, m.kind, nil
		}
	}
	if o.kind != kindOffset && o.kind != kindRef {
		data, err := p.read(o)
		if err == nil {
			p.remember(made{o, o.kind, data})
		}
		return data, o.kind, err
	}
	base := p.byPlace[o.base]
	if o.kind == kindRef {
		base = p.objects[o.ref]
	}
	if base == nil {
		return nil, 0, errBase
	}
	under, k, err := p.make(base, depth+1)
	if err != nil {
		return nil, 0, err
	}
	data, err := p.read(o) // after the base, so that a long chain holds one of them
	if err != nil {
		return nil, 0, err
	}
	content, err := apply(under, data)
	if err != nil {
		return nil, 0, err
	}
	if p.made += int64(len(content)) + perDelta; p.made > maxDeltas {
		return nil, 0, errors.New("its deltas make more than a repository holds")
	}
	p.remember(made{o, k, content})
	return content, k, nil
}

// remember holds a content for the next deltas.
func (p *pack) remember(m made) {
	if len(m.content) > maxHeld/recentContents {
		for i := range p.recent { // one large content at a time
			if len(p.recent[i].content) > maxHeld/recentContents {
				p.recent[i] = m
				return
			}
		}
	}
	if p.recent = append(p.recent, m); len(p.recent) > recentContents {
		p.recent = p.recent[1:]
	}
}

// read inflates the data of an object.
func (p *pack) read(o *object) ([]byte, error) {
	if o.size > maxHeld || o.full > maxHeld {
		return nil, fmt.Errorf("an object of %d bytes is %w", max(o.size, o.full), errLarge)
	}
	z, err := p.inflate(o)
	if err != nil {
		return nil, err
	}
	data := make([]byte, o.size)
	_, err = io.ReadFull(z, data)
	return data, errors.Join(err, z.Close())
}

// varint reads a number of a delta.
func varint(d []byte) (n int64, rest []byte, err error) {
	for shift := 0; shift <= 49; shift += 7 {
		if len(d) == 0 {
			break
		}
		b := d[0]
		d = d[1:]
		n |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			return n, d, nil
		}
	}
	return 0, nil, errors.New("a delta has a malformed size")
}

// deltaSizes reads the sizes that a delta begins with: of the base and of what it makes.
func deltaSizes(d []byte) (base, full int64, err error) {
	base, d, err = varint(d)
	if err == nil {
		full, _, err = varint(d)
	}
	return base, full, err
}

// apply makes the content that a delta describes (gitformat-pack).
func apply(base, delta []byte) ([]byte, error) {
	bad := errors.New("a delta is malformed")
	from, d, err := varint(delta)
	if err != nil {
		return nil, err
	}
	full, d, err := varint(d)
	if err != nil || from != int64(len(base)) || full < 0 || full > maxHeld {
		return nil, bad
	}
	out := make([]byte, 0, full)
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		if op == 0 {
			return nil, bad
		}
		var part []byte
		if op&0x80 != 0 {
			var numbers [7]int64
			for i := range numbers {
				if op&(1<<i) == 0 {
					continue
				}
				if len(d) == 0 {
					return nil, bad
				}
				numbers[i] = int64(d[0])
				d = d[1:]
			}
			at := numbers[0] | numbers[1]<<8 | numbers[2]<<16 | numbers[3]<<24
			n := numbers[4] | numbers[5]<<8 | numbers[6]<<16
			if n == 0 {
				n = 0x10000
			}
			if at+n > int64(len(base)) {
				return nil, bad
			}
			part = base[at : at+n]
		} else {
			if int(op) > len(d) {
				return nil, bad
			}
			part, d = d[:op], d[op:]
		}
		if int64(len(out)+len(part)) > full {
			return nil, bad
		}
		out = append(out, part...)
	}
	if int64(len(out)) != full {
		return nil, bad
	}
	return out, nil
}
