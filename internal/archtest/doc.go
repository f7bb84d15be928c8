// Package archtest holds the house rules of the module as tests: which folder may import which, what nobody may import, and
// what every package must have. A folder without a row fails. It reads imports with go/parser, because a test that asks a
// subprocess is cached wrongly. It has no code outside of its tests.
package archtest
