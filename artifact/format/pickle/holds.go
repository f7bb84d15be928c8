package pickle

// flagsOf is what v holds as far as is known without a search.
func (m *Machine) flagsOf(v Value) uint32 {
	switch v.kind() {
	case Unknown:
		return taints
	case Global:
		if v.index() == 0 {
			return taints
		}
		return holdsCallable
	case Extension:
		return holdsCallable
	default:
		if !v.isObject() {
			return 0
		}
		f := m.objects.flags(v)
		if f == nil {
			return m.met
		}
		if *f&vouched != 0 {
			return 0
		}
		return *f & taints
	}
}

// contain marks values as parts of another object and returns what they hold.
func (m *Machine) contain(items []Value) uint32 {
	var flags uint32
	for _, v := range items {
		if v.kind() < List && v.kind() != Unknown {
			continue
		}
		flags |= m.flagsOf(v)
		if v.isObject() {
			flags |= inner
			if f := m.objects.flags(v); f != nil {
				*f |= contained
			}
		}
	}
	return flags
}

// HoldsCallable reports whether v is, or may reach, something that was imported (Global, Extension): through containers,
// and through the arguments, the state and the items of an Instance that is not vouched for, but not through the callee
// that made it. It is true when the machine cannot tell. It sees changes made after v was put together. A Persistent holds
// nothing by itself: it is what the loader makes of its ID, and its effect is there to judge that.
func (m *Machine) HoldsCallable(v Value) bool { return m.holds(v, holdsCallable) }

// HoldsUnknown reports in the same way whether v is, or may reach, a value of kind Unknown, a Global whose names are not
// known, or what a call of anything else than a Global returned. Strings and numbers whose content is not kept do not count.
func (m *Machine) HoldsUnknown(v Value) bool { return m.holds(v, holdsUnknown) }

func (m *Machine) holds(v Value, flag uint32) bool {
	if m.flagsOf(v)&flag != 0 {
		return true
	}
	if m.objects.late&flag == 0 || !v.isObject() {
		return false
	}
	return m.search(v, flag)
}

// search looks for a flag in everything that v reaches. It is needed only when an object got the flag after it was put into
// another, as in a structure that refers to itself, and gives up with true.
func (m *Machine) search(v Value, flag uint32) bool {
	o := &m.objects
	if o.seen == nil {
		o.seen = map[uint32]struct{}{}
	}
	clear(o.seen)
	o.queue = append(o.queue[:0], v.index())
	for len(o.queue) > 0 {
		i := o.queue[len(o.queue)-1]
		o.queue = o.queue[:len(o.queue)-1]
		if _, ok := o.seen[i]; ok {
			continue
		}
		o.seen[i] = struct{}{}
		if o.visits++; o.visits > maxVisits || len(o.seen) > maxSearch {
			return true
		}
		if m.visit(i, flag) {
			return true
		}
	}
	return false
}

// visit checks one object and queues what it holds.
func (m *Machine) visit(i, flag uint32) bool {
	o := &m.objects
	v := value(List, i) // the kind does not matter here
	f, d := o.flags(v), o.detail(v)
	if f == nil || *f&vouched == 0 && *f&flag != 0 {
		return true
	}
	if *f&vouched != 0 || *f&inner == 0 {
		return false
	}
	items, ok := o.elements(v)
	if d == nil || !ok || len(o.queue)+len(items) > 4*maxSearch {
		return true
	}
	o.visits += int64(len(items)) / 16
	for _, item := range items {
		if m.reaches(item, flag) {
			return true
		}
	}
	return *f&foreign == 0 && m.reaches(d.args, flag)
}

// reaches checks one part of an object, and queues it when it has parts of its own.
func (m *Machine) reaches(part Value, flag uint32) bool {
	if part == 0 {
		return false
	}
	if part.isObject() {
		m.objects.queue = append(m.objects.queue, part.index())
	}
	return m.flagsOf(part)&flag != 0
}

// Vouch says that the caller has judged the Instance v and everything that it was made of so far: HoldsCallable and
// HoldsUnknown are false for it. The next Build, SetItems, Append or AddItems on v ends that before its effect is
// delivered, so the caller judges those too and may vouch again. It does nothing for other kinds.
func (m *Machine) Vouch(v Value) {
	if v.kind() == Instance {
		if f := m.objects.flags(v); f != nil {
			*f |= vouched
		}
	}
}

// Elements are those of a List, Tuple, Set, FrozenSet, or Dict (keys and values alternate) as of now, in the order in which
// they were added; false for other kinds and when they were not kept. The slice is valid until the next call of Elements
// or the return from the callback.
func (m *Machine) Elements(v Value) ([]Value, bool) {
	if k := v.kind(); k < List || k > FrozenSet {
		return nil, false
	}
	if v == emptyTuple {
		return nil, true
	}
	items, ok := m.objects.elements(v)
	if !ok {
		return nil, false
	}
	m.objects.scratch = append(m.objects.scratch[:0], items...)
	return m.objects.scratch, true
}

// Call is what made an Instance; for a Persistent, args is its ID. Args is zero when it was not kept.
func (m *Machine) Call(v Value) (callee, args Value, ok bool) {
	k := v.kind()
	if k != Instance && k != Persistent {
		return 0, 0, false
	}
	if d := m.objects.detail(v); d != nil {
		return d.callee, d.args, true
	}
	f := m.objects.flags(v)
	if k == Persistent || f == nil || *f>>makerShift == 0 {
		return 0, 0, false
	}
	return value(Global, *f>>makerShift), 0, true
}
