package s3

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// FromEnvironment reads where the service is and who asks, as the tools of AWS do: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL,
// AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, then the profile that
// AWS_PROFILE names in ~/.aws/credentials and ~/.aws/config (or the files that AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE
// name), then the role that AWS_ROLE_ARN names, with the token of AWS_WEB_IDENTITY_TOKEN_FILE. Without these it asks anonymously.
// It asks no metadata service and runs no credential process.
func FromEnvironment(getenv func(string) string, home string) (Options, error) {
	profile := first(getenv("AWS_PROFILE"), getenv("AWS_DEFAULT_PROFILE"), "default")
	inHome := func(name string) string {
		if home == "" {
			return ""
		}
		return filepath.Join(home, ".aws", name)
	}
	keys, err := section(first(getenv("AWS_SHARED_CREDENTIALS_FILE"), inHome("credentials")), profile)
	if err != nil {
		return Options{}, err
	}
	settings, err := section(first(getenv("AWS_CONFIG_FILE"), inHome("config")), profile, "profile "+profile)
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Endpoint: first(getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"), settings["endpoint_url"]),
		Region:   first(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), settings["region"]),
	}
	if getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
		o.Endpoint = ""
	}
	if id := getenv("AWS_ACCESS_KEY_ID"); id != "" {
		o.Credentials = Credentials{AccessKey: id, SecretKey: getenv("AWS_SECRET_ACCESS_KEY"), Session: getenv("AWS_SESSION_TOKEN")}
		return o, nil
	}
	for _, from := range []map[string]string{keys, settings} {
		if id := from["aws_access_key_id"]; id != "" {
			o.Credentials = Credentials{AccessKey: id, SecretKey: from["aws_secret_access_key"], Session: from["aws_session_token"]}
			return o, nil
		}
	}
	if role, file := getenv("AWS_ROLE_ARN"), getenv("AWS_WEB_IDENTITY_TOKEN_FILE"); role != "" && file != "" {
		o.Identity = WebIdentity{Role: role, TokenFile: file, Session: getenv("AWS_ROLE_SESSION_NAME"),
			Endpoint: first(getenv("AWS_ENDPOINT_URL_STS"), getenv("AWS_ENDPOINT_URL"))}
	}
	return o, nil
}

// first is the first value that is not empty.
func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// section reads the settings of one of the named sections of a file; a file that is not there has none.
func section(file string, names ...string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the settings of AWS: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	found := map[string]string{}
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if head, ok := strings.CutPrefix(line, "["); ok {
			head = strings.TrimSpace(strings.TrimSuffix(head, "]"))
			inside = false
			for _, name := range names {
				inside = inside || head == name
			}
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if inside && ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			found[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return found, nil
}
