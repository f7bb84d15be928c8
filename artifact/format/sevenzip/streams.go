package sevenzip

// pack is a run of packed bytes in the file.
type pack struct{ offset, size int64 }

// part is the content of one member in what a folder unpacks to.
type part struct {
	folder       int
	offset, size int64
	sum          digest
}

// streams is what a header says about packed content.
type streams struct {
	folders []*Folder
	parts   []part
	orphans []part // content that no member is said to have
}

// streams reads where packed streams lie, how they are unpacked, and how what comes out is divided.
func (a *Archive) streams(c *cursor) streams {
	var s streams
	var packs []pack
	id := c.byte()
	if id == idPackInfo {
		packs = a.packInfo(c)
		id = c.byte()
	}
	if id == idUnpackInfo {
		s.folders = a.unpackInfo(c, packs)
		id = c.byte()
	}
	counts := make([]int, len(s.folders))
	for i := range counts {
		counts[i] = 1
	}
	if id == idSubStreams {
		s.parts = a.subStreams(c, s.folders, counts)
		id = c.byte()
	} else {
		for i, f := range s.folders {
			s.parts = append(s.parts, part{folder: i, size: f.Size, sum: f.sum})
		}
	}
	if id != idEnd {
		c.fail("the description of streams does not end where it should")
	}
	for i, f := range s.folders {
		if counts[i] == 0 && f.Size > 0 {
			s.orphans = append(s.orphans, part{folder: i, size: f.Size, sum: f.sum})
		}
	}
	return s
}

// packInfo reads the places of the packed streams.
func (a *Archive) packInfo(c *cursor) []pack {
	at := a.base + lenStart + min(c.size(), a.blob.Size())
	n := c.count("packed streams", 1)
	packs := make([]pack, n)
	id := c.byte()
	if id == idSize {
		for i := range packs {
			size := c.size()
			if at > a.blob.Size() || size > a.blob.Size()-at {
				c.fail("a packed stream of %d bytes at %d is beyond the end of the file", size, at)
				return nil
			}
			packs[i] = pack{at, size}
			at += size
		}
		id = c.byte()
	}
	if id == idCRC {
		c.digests(n)
		id = c.byte()
	}
	if id != idEnd {
		c.fail("the places of packed streams do not end where they should")
	}
	return packs
}

// unpackInfo reads how packed streams become content.
func (a *Archive) unpackInfo(c *cursor, packs []pack) []*Folder {
	if c.byte() != idFolder {
		c.fail("the folders are missing")
	}
	n := c.count("folders", 1)
	if c.byte() != 0 {
		c.fail("folders outside of the header are not read")
	}
	if c.err == nil {
		c.err = a.hold(int64(n) * memberCost)
	}
	if c.err != nil {
		return nil
	}
	folders := make([]*Folder, n)
	for i := range folders {
		f := folder(c)
		if c.err != nil {
			return nil
		}
		if len(f.packed) > len(packs) {
			c.fail("a folder needs more packed streams than there are")
			return nil
		}
		f.packs, packs = packs[:len(f.packed)], packs[len(f.packed):]
		folders[i] = f
	}
	if c.byte() != idUnpackSize {
		c.fail("the sizes of the folders are missing")
	}
	for _, f := range folders {
		for i := range f.coders {
			f.coders[i].size = c.size()
		}
	}
	id := c.byte()
	if id == idCRC {
		for i, d := range c.digests(n) {
			folders[i].sum = d
		}
		id = c.byte()
	}
	if id != idEnd {
		c.fail("the folders do not end where they should")
	}
	for _, f := range folders {
		f.finish()
	}
	return folders
}

// subStreams reads how what comes out of each folder is divided into members.
func (a *Archive) subStreams(c *cursor, folders []*Folder, counts []int) []part {
	id := c.byte()
	if id == idStreams {
		for i := range counts {
			counts[i] = c.count("members of a folder", 1)
		}
		id = c.byte()
	}
	total := 0
	for _, n := range counts {
		if total += n; n > 0 && total > len(c.b)+len(folders) {
			c.fail("%d members do not fit the header", total)
		}
	}
	if c.err == nil {
		c.err = a.hold(int64(total) * memberCost / 2)
	}
	if c.err != nil {
		return nil
	}
	parts := divide(c, folders, counts, id == idSize, total)
	if id == idSize {
		id = c.byte()
	}
	if id == idCRC {
		missing := 0
		for i := range parts {
			if !parts[i].sum.known {
				missing++
			}
		}
		sums := c.digests(missing)
		for i := range parts {
			if !parts[i].sum.known && len(sums) > 0 {
				parts[i].sum, sums = sums[0], sums[1:]
			}
		}
		id = c.byte()
	}
	if id != idEnd {
		c.fail("the division of folders does not end where it should")
	}
	return parts
}

// divide reads the sizes of members: of each folder all but the last, which has what remains.
func divide(c *cursor, folders []*Folder, counts []int, sizes bool, total int) []part {
	parts := make([]part, 0, total)
	for i, f := range folders {
		var at int64
		for k := range counts[i] {
			p := part{folder: i, offset: at, size: f.Size - at}
			if k < counts[i]-1 {
				if !sizes {
					c.fail("the sizes of members are missing")
					return nil
				}
				if p.size = c.size(); p.size > f.Size-at {
					c.fail("the members of a folder are larger than the folder")
					return nil
				}
			}
			if counts[i] == 1 {
				p.sum = f.sum
			}
			at += p.size
			parts = append(parts, p)
		}
	}
	return parts
}
