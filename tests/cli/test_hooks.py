"""The hook that `.pre-commit-config.yaml` of other repositories may name."""

import yaml

from tests.cli.running import ROOT

# the keys that a manifest may have, and the languages and types of files that it may name
# Source: https://pre-commit.com, "Creating new hooks"; the `identify` library for the types
REQUIRED = {"id", "name", "entry", "language"}
OPTIONAL = {
    *("files", "exclude", "types", "types_or", "exclude_types", "always_run", "fail_fast", "verbose"),
    *("pass_filenames", "require_serial", "description", "language_version", "minimum_pre_commit_version", "args"),
    *("stages", "additional_dependencies", "log_file"),
}
FILE_TYPES = {"python", "yaml", "toml", "jupyter"}


def hooks():
    return yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def test_the_manifest_has_the_keys_that_pre_commit_knows():
    (hook,) = hooks()
    assert set(hook) >= REQUIRED
    assert set(hook) <= REQUIRED | OPTIONAL
    assert (hook["id"], hook["language"]) == ("gradcheck-rnn", "python")
    assert set(hook["types_or"]) <= FILE_TYPES


def test_the_hook_checks_the_configurations_of_the_project_without_names_of_files(tmp_path, monkeypatch, run_here):
    (hook,) = hooks()
    assert hook["pass_filenames"] is False
    (tmp_path / "pyproject.toml").write_text('[tool.gradcheck_rnn]\nconfigs = ["net.yaml"]\nquiet = true\n')
    (tmp_path / "net.yaml").write_text((ROOT / "configs" / "elman.yaml").read_text())
    program, *arguments = hook["entry"].split()
    assert program == "gradcheck-rnn"
    monkeypatch.chdir(tmp_path)
    ended = run_here(*arguments, "--set", "check.probe=off")
    assert (ended.code, ended.out.partition(":")[0]) == (0, "PASS net.yaml")
