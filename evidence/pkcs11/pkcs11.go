//go:build pkcs11

// Package pkcs11 signs with keys in hardware security modules.
package pkcs11

import _ "github.com/miekg/pkcs11"
