"""Ask one scanner about many files through its Python interface.

Usage: judge.py SCANNER [FILE...], with one path a line on standard input. The FILEs are judged first and not reported: a
scanner that loads its parts when it needs them then has them before the first fork. Writes a line of JSON {"path", "verdict", "detail"} for each.
The scanner is loaded once and each file is judged in a forked child, so that a crash or a hang costs one file. A verdict is
malicious, suspicious, clean, not read or error; how the scanner's own words become one of these stands in its function.
"""
import importlib
import json
import os
import pathlib
import resource
import select
import signal
import sys
import time
import zipfile

SECONDS = 20
MEMORY = 6 << 30  # bytes of addresses, of a scanner whose function does not say otherwise


def load(*modules):
    """Load the parsers that a scanner would load anew in every child, if they are installed."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f"without {module}: {error}", file=sys.stderr)


def picklescan():
    """Dangerous globals are malicious, its suspicious ones suspicious, a scan error an error, no scanned file not read."""
    from picklescan.scanner import scan_file_path

    def judge(path):
        result = scan_file_path(path)
        if result.issues_count:
            return "malicious", ""
        if result.suspicious_count:
            return "suspicious", ""
        if result.scan_err:
            return "error", "scan_err"
        return ("clean", "") if result.scanned_files else ("not read", "")
    return judge


def modelscan():
    """Critical and high issues are malicious, others suspicious; an error is an error, a skipped file not read."""
    from modelscan.modelscan import ModelScan
    load("h5py", "tensorflow")

    def judge(path):
        report = ModelScan().scan(path)
        by_severity = report["summary"]["total_issues_by_severity"]
        if by_severity.get("CRITICAL") or by_severity.get("HIGH"):
            return "malicious", ""
        if report["summary"]["total_issues"]:
            return "suspicious", ""
        if report["errors"]:
            return "error", str(report["errors"][0].get("description", ""))
        return ("clean", "") if report["summary"]["scanned"]["total_scanned"] else ("not read", "")
    return judge


def fickling():
    """Overtly malicious and likely so is malicious, anything worse than likely safe suspicious; a file that it can not parse
    is an error. Zip files go through its archive scan, as in its Hugging Face mode; one without a pickle is not read."""
    from fickling.analysis import Severity
    from fickling.loader import scan_file, scan_zip_archive

    def judge(path):
        if zipfile.is_zipfile(path):
            results = list(scan_zip_archive(path, graceful=True, json_output_path=os.devnull).values())
        else:
            results = [scan_file(path, graceful=True, json_output_path=os.devnull)]
        if not results:
            return "not read", ""
        worst = max(result.severity for result in results)
        errors = [error for result in results for error in result.errors]
        if worst >= Severity.LIKELY_OVERTLY_MALICIOUS:
            return "malicious", ""
        if errors:
            return "error", errors[0]
        return ("suspicious", "") if worst > Severity.LIKELY_SAFE else ("clean", "")
    return judge


def modelaudit():
    """Critical issues are malicious, warnings and failed checks suspicious; its operational errors are errors, and a result
    that it calls inconclusive, or no scanned file, is not read."""
    from modelaudit.core import scan_model_directory_or_file
    from modelaudit.core_results import (results_have_inconclusive_outcome, results_have_operational_error,
                                         results_have_security_findings)
    load("dill", "h5py", "joblib", "msgpack", "onnx", "py7zr", "safetensors", "sklearn", "tensorflow", "tflite", "ubjson", "xgboost")

    def judge(path):
        results = scan_model_directory_or_file(path, cache_enabled=False)
        if any(getattr(issue.severity, "value", issue.severity) == "critical" for issue in results.issues or []):
            return "malicious", ""
        if results_have_security_findings(results):
            return "suspicious", ""
        if results_have_operational_error(results):
            return "error", "operational error"
        if results_have_inconclusive_outcome(results) or not results.files_scanned:
            return "not read", ""
        return "clean", ""
    return judge


def hayward():
    """Critical and high findings are malicious, as its exit status says; medium and low suspicious; info alone, its tier for what
    is not familiar, clean. Without such a finding, what it calls a gap of coverage, and a file whose name and content
    it does not know, are not read."""
    from hayward import ModelFileScanner, Severity, is_coverage_gap

    def judge(path):
        scanner, path = ModelFileScanner(), pathlib.Path(path)
        findings = scanner.scan_file(path)
        severities = {finding.severity for finding in findings if not is_coverage_gap(finding)}
        if severities & {Severity.CRITICAL, Severity.HIGH}:
            return "malicious", ""
        if severities & {Severity.MEDIUM, Severity.LOW}:
            return "suspicious", ""
        if any(is_coverage_gap(finding) for finding in findings):
            return "not read", findings[0].rule_id
        known = path.suffix.lower() in {*scanner._format_map, *scanner._AMBIGUOUS_EXTENSIONS, *scanner._CONFIG_EXTENSIONS}
        return ("clean", "") if findings or known or scanner._sniff_format(path.read_bytes()) else ("not read", "")
    return judge


def safeloadai():
    """Its verdicts are ours; unsupported is not read, a failure of its own an error. Its sandbox reserves more addresses than the
    others need."""
    global MEMORY
    from safeloadai.pipeline import scan
    MEMORY = 64 << 30

    def judge(path):
        report = scan(path)
        if report.status == "error":
            return "error", report.error["message"]
        return {"UNSUPPORTED": "not read"}.get(str(report.verdict), str(report.verdict).lower()), ""
    return judge


def aisbom_cli():
    """Its level CRITICAL is malicious, MEDIUM suspicious, LOW clean. "Pickle Present" at MEDIUM, which it says of every pickle in
    which it finds nothing, is clean; what it says it did not read to the end, could not read or does not know is not read. Fields
    that it reports without a level, such as the license, are not judged."""
    from aisbom.scanner import DeepScanner

    def judge(path):
        levels = [artifact.get("risk_level") or "UNKNOWN" for artifact in DeepScanner(path).scan()["artifacts"]]
        unread = [level for level in levels
                  if level.startswith("UNKNOWN") or any(word in level for word in ("ncomplete", "Unscanned", "Unreadable"))]
        if any(level.startswith("CRITICAL") for level in levels):
            return "malicious", ""
        if any(level.startswith("MEDIUM") and level not in unread and "Pickle Present" not in level for level in levels):
            return "suspicious", ""
        return ("clean", "") if levels and not unread else ("not read", "".join(unread[:1]))
    return judge


SCANNERS = {"picklescan": picklescan, "modelscan": modelscan, "fickling": fickling, "modelaudit": modelaudit, "hayward": hayward,
            "safeloadai": safeloadai, "aisbom-cli": aisbom_cli}


def child(judge, path, out):
    """Judge one file and write the answer to a pipe."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        answer = judge(path)
    except BaseException as error:  # a scanner that raises has not judged
        answer = "error", repr(error)[:200]
    os.write(out, json.dumps(answer).encode())
    os._exit(0)


def ask(judge, path):
    """Fork a child for one file and wait for its answer, for a while."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.setsid()
        child(judge, path, write)
    os.close(write)
    data, deadline = b"", time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if not select.select([read], [], [], 0.5)[0]:
            continue
        chunk = os.read(read, 1 << 16)
        if not chunk:
            break
        data += chunk
    else:
        data = json.dumps(("error", f"no answer in {SECONDS} s")).encode()
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    os.waitpid(pid, 0)
    os.close(read)
    return json.loads(data) if data else ("error", "crashed")


def main():
    judge = SCANNERS[sys.argv[1]]()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the scanner prints
    for path in sys.argv[2:]:
        judge(path)
    for line in sys.stdin:
        path = line.rstrip("\n")
        verdict, detail = ask(judge, path)
        out.write(json.dumps({"path": path, "verdict": verdict, "detail": detail}) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
