package pickle

// build makes a container of items, which are copied.
func (m *Machine) build(k Kind, items []Value) Value {
	v := m.objects.add(&m.pool, k, 0, 0)
	if len(items) > 0 {
		flags := m.contain(items)
		m.met |= flags & taints
		m.objects.extend(&m.pool, v, items, flags)
	}
	return v
}

func opEmptyList(m *Machine) error  { return m.push(m.build(List, nil)) }
func opEmptyTuple(m *Machine) error { return m.push(emptyTuple) }
func opEmptyDict(m *Machine) error  { return m.push(m.build(Dict, nil)) }
func opEmptySet(m *Machine) error   { return m.push(m.build(Set, nil)) }

func opList(m *Machine) error      { return m.gather(List) }
func opTuple(m *Machine) error     { return m.gather(Tuple) }
func opFrozenSet(m *Machine) error { return m.gather(FrozenSet) }

// gather makes a container of everything above the last mark.
func (m *Machine) gather(k Kind) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	m.joins++
	return m.push(m.build(k, items))
}

func opDict(m *Machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	if len(items)%2 != 0 {
		if err := m.anomaly(ItemsOdd, "DICT of %d keys and values", len(items)); err != nil {
			return err
		}
		return m.malformed("DICT has a key without a value")
	}
	m.joins++
	return m.push(m.build(Dict, items))
}

func opTuple1(m *Machine) error { return m.tuple(1) }
func opTuple2(m *Machine) error { return m.tuple(2) }
func opTuple3(m *Machine) error { return m.tuple(3) }

// tuple makes a tuple of the n values on top.
func (m *Machine) tuple(n int) error {
	at := len(m.stack) - n
	if at < m.fence {
		return m.underflow()
	}
	m.joins++
	v := m.build(Tuple, m.stack[at:])
	m.stack = append(m.stack[:at], v)
	return nil
}

// fits reports whether target may be what the opcode wants: a container of kind k, or something that a call made.
func fits(target Value, k Kind) bool {
	switch target.kind() {
	case k, Instance, Persistent, Extension, Unknown:
		return true
	}
	return false
}

// change puts items into target, delivers that as an effect, and ends what was vouched.
func (m *Machine) change(e EffectKind, k Kind, target Value, items []Value) error {
	if !fits(target, k) {
		if err := m.anomaly(TargetForm, "%s on %s", m.op.name, m.Repr(target, 80)); err != nil {
			return err
		}
	}
	m.joins++
	m.mutate(target, k, items)
	m.emit(e)
	m.effect.Target, m.effect.Items = target, items
	return m.deliver()
}

// mutate records that items are part of target from now on.
func (m *Machine) mutate(target Value, k Kind, items []Value) {
	flags := m.contain(items)
	m.met |= flags & taints
	if !target.isObject() {
		return
	}
	f := m.objects.flags(target)
	if f == nil {
		return
	}
	if *f&vouched != 0 {
		*f &^= vouched
		if *f&contained != 0 {
			m.objects.late |= *f & taints
		}
	}
	if target.kind() != k && target.kind() != Instance && target.kind() != Persistent {
		*f |= dropped // these are not its elements, but they must not be forgotten
	}
	m.objects.extend(&m.pool, target, items, flags)
}

func opAppend(m *Machine) error {
	at := len(m.stack) - 1
	if at-1 < m.fence {
		return m.underflow()
	}
	items := m.stack[at:]
	m.stack = m.stack[:at]
	return m.change(Append, List, m.stack[at-1], items)
}

func opSetItem(m *Machine) error {
	at := len(m.stack) - 2
	if at-1 < m.fence {
		return m.underflow()
	}
	items := m.stack[at:]
	m.stack = m.stack[:at]
	return m.change(SetItems, Dict, m.stack[at-1], items)
}

func opAppends(m *Machine) error  { return m.batch(Append, List) }
func opSetItems(m *Machine) error { return m.batch(SetItems, Dict) }
func opAddItems(m *Machine) error { return m.batch(AddItems, Set) }

// batch puts everything above the last mark into what is below it.
func (m *Machine) batch(e EffectKind, k Kind) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	target, ok := m.top()
	if !ok {
		return m.underflow()
	}
	if len(items) == 0 {
		if target.kind() != k {
			return m.anomaly(BatchEmpty, "%s of nothing on %s", m.op.name, m.Repr(target, 80))
		}
		return nil
	}
	odd := e == SetItems && len(items)%2 != 0
	if odd {
		if err := m.anomaly(ItemsOdd, "SETITEMS of %d keys and values", len(items)); err != nil {
			return err
		}
		items = items[:len(items)-1]
	}
	if err := m.change(e, k, target, items); err != nil {
		return err
	}
	if odd {
		return m.malformed("SETITEMS has a key without a value")
	}
	return nil
}
