"""Ask one scanner about many files through its Python interface.

Usage: judge.py SCANNER [FILE...], with one path a line on standard input. The FILEs are judged first and not reported: a
scanner that loads its parts when it needs them then has them before the first fork. Writes a line of JSON {"path", "verdict", "detail"} for each.
The scanner is loaded once and each file is judged in a forked child, so that a crash or a hang costs one file. A verdict is
malicious, suspicious, clean, not read or error; how the scanner's own words become one of these stands in its function.
"""
import json
import os
import resource
import select
import signal
import sys
import time
import zipfile

SECONDS = 20
MEMORY = 6 << 30


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


SCANNERS = {"picklescan": picklescan, "modelscan": modelscan, "fickling": fickling, "modelaudit": modelaudit}


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
