package format

// Memo keeps what one format has worked out about a content for the formats that are asked after it: thirty formats that are
// written as JSON need not each read the same head. It belongs to one Probe and is for one goroutine.
type Memo struct{ known map[any]any }

// Once returns what work makes of the content. With a Memo in the probe it is called once for each key, which is a value of a type
// that the caller's package keeps to itself; the result must not be changed.
func Once[T any](p Probe, key any, work func(Probe) T) T {
	if p.Memo == nil {
		return work(p)
	}
	if kept, ok := p.Memo.known[key].(T); ok {
		return kept
	}
	result := work(p)
	if p.Memo.known == nil {
		p.Memo.known = map[any]any{}
	}
	p.Memo.known[key] = result
	return result
}
