package pickle

import (
	"hash/maphash"

	"github.com/picketsec/picket/internal/limits"
)

// maxPool bounds the memory of one machine, in bytes, whatever the stream does; holdStep is how much it takes from the
// budget at once.
const (
	maxPool  = 26 << 20
	holdStep = 256 << 10
)

// pool counts the memory of a machine and holds it in the budget.
type pool struct {
	budget     *limits.Budget
	used, held int64
	releases   []func()
	err        error // why the last refusal happened
}

// take reserves n bytes; false when the machine's share or the budget is used up.
func (p *pool) take(n int64) bool {
	if p.used+n > maxPool {
		p.err = limits.ErrExceeded
		return false
	}
	for p.held < p.used+n {
		step := max(holdStep, p.used+n-p.held)
		release, err := p.budget.Hold(step)
		if err != nil {
			p.err = err
			return false
		}
		p.releases = append(p.releases, release)
		p.held += step
	}
	p.used += n
	return true
}

// close gives everything back.
func (p *pool) close() {
	for _, release := range p.releases {
		release()
	}
	p.releases, p.used, p.held = nil, 0, 0
}

// texts keeps short strings, each once. When its share is full, only the most recent of the new ones are kept.
type texts struct {
	seed    maphash.Seed
	chunks  [][]byte // of chunkSize; no text crosses from one to another
	entries []textEntry
	slots   []uint32 // open addressing; entry number + 1
	recent  []byte   // ring of recentTexts buffers of maxText
	lengths []uint16
	count   uint32 // texts ever put into the ring
	// named has the numbers for good of texts of the ring that were used as names.
	named map[uint32]uint32
	size  int64
}

type textEntry struct {
	pos uint32 // chunk number and offset
	n   uint16
}

const (
	maxText     = 256      // bytes of the longest text that is kept
	maxTexts    = 3 << 20  // bytes of all texts that are kept for good
	chunkSize   = 16 << 10 // bytes of one chunk
	recentTexts = 4096
	ringTexts   = 1 << 26 // numbers of texts in the ring start here
)

// at is the content of entry i, from 0.
func (t *texts) at(i uint32) []byte {
	e := t.entries[i]
	start := e.pos % chunkSize
	return t.chunks[e.pos/chunkSize][start : start+uint32(e.n)]
}

// get is the content of a text by its number.
func (t *texts) get(number uint32) ([]byte, bool) {
	if number >= ringTexts {
		if kept, ok := t.named[number]; ok {
			return t.at(kept - 1), true
		}
		i := number - ringTexts
		if i >= t.count || t.count-i > recentTexts {
			return nil, false
		}
		i %= recentTexts
		return t.recent[i*maxText:][:t.lengths[i]], true
	}
	if number == 0 || int(number) > len(t.entries) {
		return nil, false
	}
	return t.at(number - 1), true
}

// add numbers a text, from 1; 0 when it is not kept.
func (t *texts) add(p *pool, b []byte) uint32 {
	if len(b) > maxText {
		return 0
	}
	if number, ok := t.keep(p, b, maxTexts); ok {
		return number
	}
	return t.remember(p, b)
}

// keep numbers a text for good; false when that would pass limit bytes for all of them.
func (t *texts) keep(p *pool, b []byte, limit int64) (uint32, bool) {
	if len(t.slots) <= 2*len(t.entries) && !t.grow(p, limit) {
		return t.find(b)
	}
	mask := uint64(len(t.slots) - 1)
	i := maphash.Bytes(t.seed, b) & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if string(t.at(t.slots[i]-1)) == string(b) {
			return t.slots[i], true
		}
	}
	last := len(t.chunks) - 1
	if last < 0 || cap(t.chunks[last])-len(t.chunks[last]) < len(b) {
		if t.size+chunkSize > limit || !p.take(chunkSize) {
			return 0, false
		}
		t.size += chunkSize
		t.chunks = append(t.chunks, make([]byte, 0, chunkSize))
		last++
	}
	pos := uint32(last*chunkSize + len(t.chunks[last]))
	t.chunks[last] = append(t.chunks[last], b...)
	t.entries = append(t.entries, textEntry{pos, uint16(len(b))})
	t.slots[i] = uint32(len(t.entries))
	return uint32(len(t.entries)), true
}

// find looks a text up in a table that cannot grow.
func (t *texts) find(b []byte) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(t.slots) - 1)
	for i := maphash.Bytes(t.seed, b) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if string(t.at(t.slots[i]-1)) == string(b) {
			return t.slots[i], true
		}
	}
	return 0, false
}

// grow doubles the table; its old half is counted too, as it lives until it is collected.
func (t *texts) grow(p *pool, limit int64) bool {
	n := max(256, 2*len(t.slots))
	cost := int64(n) * 6 // a slot of 4 bytes for each, an entry of 8 for every other one, less what is held
	if t.size+cost > limit || !p.take(cost) {
		return false
	}
	t.size += cost
	t.slots = make([]uint32, n)
	entries := make([]textEntry, len(t.entries), n/2)
	copy(entries, t.entries)
	t.entries = entries
	mask := uint64(n - 1)
	for number := range t.entries {
		i := maphash.Bytes(t.seed, t.at(uint32(number))) & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(number + 1)
	}
	return true
}

// remember puts a text into the ring.
func (t *texts) remember(p *pool, b []byte) uint32 {
	if t.recent == nil {
		if !p.take(recentTexts * (maxText + 2)) {
			return 0
		}
		t.recent, t.lengths = make([]byte, recentTexts*maxText), make([]uint16, recentTexts)
	}
	if t.count >= ringTexts {
		return 0
	}
	i := t.count % recentTexts
	copy(t.recent[i*maxText:], b)
	t.lengths[i] = uint16(len(b))
	t.count++
	return ringTexts + t.count - 1
}

// name keeps a text of the ring for good because it names something: its memo entry may name more later.
func (t *texts) name(p *pool, number uint32) {
	b, ok := t.get(number)
	if !ok || number < ringTexts || len(t.named) >= recentTexts {
		return
	}
	if kept, ok := t.keep(p, b, maxTexts+1<<20); ok {
		if t.named == nil {
			t.named = map[uint32]uint32{}
		}
		t.named[number] = kept
	}
}
