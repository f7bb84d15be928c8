package sevenzip

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// files reads the names and attributes of the members and gives each its content.
func (a *Archive) files(c *cursor, s streams) {
	n := c.count("members", 8)
	if c.err == nil {
		c.err = a.hold(int64(n)*memberCost + int64(c.left()))
	}
	if c.err == nil {
		c.err = a.budget.Ops(int64(n))
	}
	if c.err != nil {
		return
	}
	members := make([]Member, n)
	empty, file, anti := make([]bool, n), []bool(nil), []bool(nil)
	for c.err == nil {
		id := c.byte()
		if id == idEnd {
			break
		}
		length := c.size()
		if length > int64(c.left()) {
			c.fail("a property of the members is cut off")
			return
		}
		p := &cursor{at: c.at + int64(c.pos), b: c.bytes(int(length))}
		switch id {
		case idEmptyStream:
			empty = p.bits(n)
		case idEmptyFile:
			file = p.bits(trues(empty))
		case idAnti:
			anti = p.bits(trues(empty))
		case idNames:
			names(p, members)
		case idAttributes:
			attributes(p, members)
		}
		if p.err != nil {
			c.err = p.err
		}
	}
	if c.err == nil {
		a.give(c, s, members, empty, file, anti)
	}
}

// trues counts.
func trues(bits []bool) int {
	n := 0
	for _, b := range bits {
		if b {
			n++
		}
	}
	return n
}

// names reads the names, which end with a zero of 16 bits.
func names(p *cursor, members []Member) {
	if p.byte() != 0 {
		p.fail("names outside of the header are not read")
		return
	}
	for i := range members {
		from := p.pos
		for p.left() >= 2 && binary.LittleEndian.Uint16(p.b[p.pos:]) != 0 {
			p.pos += 2
		}
		members[i].Name = text(p.b[from:p.pos])
		p.bytes(2)
		if p.err != nil {
			return
		}
	}
}

// attributes reads the attributes.
func attributes(p *cursor, members []Member) {
	known := p.defined(len(members))
	if p.byte() != 0 {
		p.fail("attributes outside of the header are not read")
		return
	}
	for i := range members {
		if known[i] {
			if b := p.bytes(4); b != nil {
				members[i].Attributes = binary.LittleEndian.Uint32(b)
			}
		}
	}
}

// give joins members with their content: in order, those that are not empty take one stream each.
func (a *Archive) give(c *cursor, s streams, members []Member, empty, file, anti []bool) {
	next, hollow := 0, 0
	for i := range members {
		m := &members[i]
		m.Folder = -1
		if empty[i] {
			m.Directory = hollow >= len(file) || !file[hollow]
			if hollow < len(anti) && anti[hollow] {
				a.odd(Anti, i, -1, 0, "%q tells the unpacker to delete a file", m.Name)
			}
			hollow++
			continue
		}
		if next >= len(s.parts) {
			c.fail("the archive names more members than it has content for")
			break
		}
		p := s.parts[next]
		m.Folder, m.Offset, m.Size, m.CRC32, m.HasCRC = p.folder, p.offset, p.size, p.sum.crc, p.sum.known
		next++
	}
	if c.err == nil { // content without a name is content all the same
		for _, p := range append(s.parts[next:], s.orphans...) {
			members = append(members, Member{Name: "(no name)", Folder: p.folder, Offset: p.offset, Size: p.size,
				CRC32: p.sum.crc, HasCRC: p.sum.known})
			a.odd(Unowned, len(members)-1, -1, 0, "%d bytes of content have no name", p.size)
		}
	}
	a.Members = members
}

// unowned notes the bytes of the file that neither a packed stream nor a header owns.
func (a *Archive) unowned(at start) {
	owned := slices.Clone(a.headers)
	for _, f := range a.Folders {
		owned = append(owned, f.packs...)
	}
	owned = append(owned, pack{at.offset, at.size})
	slices.SortFunc(owned, func(x, y pack) int { return cmp.Compare(x.offset, y.offset) })
	end := a.base + lenStart
	for _, p := range owned {
		if p.offset > end {
			a.odd(Unowned, -1, end, p.offset-end, "%d bytes belong to no member", p.offset-end)
		}
		end = max(end, p.offset+p.size)
	}
	if rest := a.blob.Size() - end; rest > 0 {
		a.odd(Trailing, -1, end, rest, "%d bytes follow the archive", rest)
	}
}
