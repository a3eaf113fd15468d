using Edge.Agent.Cli;
using Edge.Agent.Shadow;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Cli;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Versions_are_listed_activated_and_rolled_back_past_a_damaged_one()
    {
        for (int bias = 1; bias <= 3; bias++) TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
        PackageStore store = new(folder["models"]);
        string damaged = store.Open(TestModels.Name, 2).ModelPath;
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..100]);

        string[] list = Run("list", TestModels.Name).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, list.Length);
        Assert.Contains("threshold 100", list[0], StringComparison.Ordinal);
        Assert.Contains("model.onnx is damaged", list[1], StringComparison.Ordinal);
        Assert.StartsWith("*     3", list[2], StringComparison.Ordinal);

        (string output, string error) = Run("rollback", TestModels.Name);
        Assert.Contains("version 1 is to run, before it was 3", output, StringComparison.Ordinal);
        Assert.Contains("version 2 is passed over", error, StringComparison.Ordinal);
        Assert.Equal(1, store.Current(TestModels.Name));
        Assert.Throws<EdgeException>(() => Run("rollback", TestModels.Name));
        Assert.Throws<EdgeException>(() => Run("activate", TestModels.Name, "2"));
        Assert.Equal(1, store.Current(TestModels.Name));
        Run("activate", TestModels.Name, "3");
        Assert.Equal(3, store.Current(TestModels.Name));
        Assert.Contains("not signed; 1 golden images", Run("verify", TestModels.Name).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_history_says_who_wanted_which_version_and_why_and_survives_half_a_line()
    {
        for (int bias = 1; bias <= 2; bias++) TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
        Run("rollback", TestModels.Name, "--why", "lamp changed");
        string history = Path.Combine(folder["models"], TestModels.Name, "history.jsonl");
        File.AppendAllText(history, """{"at":"2026-1""");   // a power cut
        Run("activate", TestModels.Name, "2");
        Assert.Equal(
            [(null, 1, "published"), (1, 2, "published"), (2, 1, "lamp changed"), (1, 2, null)],
            new PackageStore(folder["models"]).History(TestModels.Name).Select(a => (a.From, a.To, a.Why)));
        string[] lines = Run("history", TestModels.Name).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Matches($@"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ +2 → 1 +{System.Text.RegularExpressions.Regex.Escape(Environment.UserName)}@\S+  lamp changed$", lines[2]);
        Assert.Throws<EdgeException>(() => Run("history", "../etc"));
    }

    [Fact]
    public void With_keys_only_what_they_signed_is_verified_and_activated()
    {
        SigningKey key = SigningKey.Create(folder["key"]);
        TestModels.Publish(folder["models"], TinyGraph.Write(), signer: key);
        TestModels.Publish(folder["models"], TinyGraph.Write(bias: 1), setCurrent: false);
        string[] keys = ["--trusted-keys", folder["key.pub"]];
        Assert.Contains($"signed with trusted key {key.Id}", Run(["verify", TestModels.Name, .. keys]).Output, StringComparison.Ordinal);
        Assert.Contains("it is not signed", Assert.Throws<EdgeException>(() => Run(["activate", TestModels.Name, "2", .. keys])).Message, StringComparison.Ordinal);
        Assert.Equal(1, new PackageStore(folder["models"]).Current(TestModels.Name));
    }

    [Fact]
    public void A_shadow_is_named_shown_and_ended()
    {
        for (int bias = 1; bias <= 2; bias++) TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
        PackageStore store = new(folder["models"]);
        Assert.Throws<EdgeException>(() => Run("shadow", TestModels.Name, "2"));
        Assert.Throws<EdgeException>(() => Run("shadow", TestModels.Name, "3"));
        Assert.Contains("give one of them", Assert.Throws<EdgeException>(() => Run("shadow", TestModels.Name, "1", "--stop")).Message, StringComparison.Ordinal);
        Assert.Contains("No station has compared a part", Run("shadow", TestModels.Name).Output, StringComparison.Ordinal);
        Assert.Contains("version 1 is to run as a shadow beside 2", Run("shadow", TestModels.Name, "1", "--why", "is it really worse?").Output, StringComparison.Ordinal);
        Assert.StartsWith("s     1", Run("list", TestModels.Name).Output, StringComparison.Ordinal);
        Assert.Equal((1, 2), (store.Shadow(TestModels.Name), store.Current(TestModels.Name)));

        ShadowFile.Write(ShadowFile.Of(store, TestModels.Name, "cam1"), new ShadowReport(
            new ShadowPair("cam1", "flange", TestModels.Name, 2, 1, 100, 1.5f), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 200, 5, 199,
            [new(Verdict.Accept, Verdict.Accept, 150), new(Verdict.Reject, Verdict.Reject, 49), new(Verdict.Accept, Verdict.Reject, 1)], new ShadowScores(200, 0.1, 0.2, 0.15, 0.25, 0.05, 0.987),
            new ShadowTime(12, 15), new ShadowTime(40, 90), [new ShadowDisagreement("job-7", "4711", DateTimeOffset.UnixEpoch, Verdict.Accept, 70, Verdict.Reject, 1.75f, 0.75)]));
        string report = Run("shadow", TestModels.Name).Output;
        foreach (string said in (string[])["version 1 is the shadow", "cam1, recipe flange: tiny 1 beside 2", "200 parts, the same verdict for 199 (99.50 %); 5 more", "shift +0.050, correlation 0.987", "40.00 ms"])
            Assert.Contains(said, report, StringComparison.Ordinal);
        Assert.Matches(@"accept +│? *150 +│? *0 +│? *1 *", report);
        Assert.Matches(@"1970-01-01 00:00:00 .*job-7 .*4711 .*accept .*70 .*reject .*1\.75 .*0\.750", report);

        Run("shadow", TestModels.Name, "--stop");
        Assert.Null(store.Shadow(TestModels.Name));
        Assert.Equal([(null, 1, "is it really worse?"), (1, 0, null)], store.History(TestModels.Name).Where(a => a.Role == Activation.Shadow).Select(a => (a.From, a.To, a.Why)));
        Assert.Matches("1 → - +\\(shadow\\) ", Run("history", TestModels.Name).Output);
    }

    [Fact]
    public void A_canary_is_named_station_by_station_shown_and_ended()
    {
        for (int bias = 1; bias <= 3; bias++) TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
        PackageStore store = new(folder["models"]);
        Run("activate", TestModels.Name, "1");
        Assert.Contains("At which station", Assert.Throws<EdgeException>(() => Run("canary", TestModels.Name, "2")).Message, StringComparison.Ordinal);
        Assert.Throws<EdgeException>(() => Run("canary", TestModels.Name, "9", "cam1"));
        Assert.Contains("no canary", Run("canary", TestModels.Name).Output, StringComparison.Ordinal);
        Run("canary", TestModels.Name, "2", "cam1", "cam2");
        Assert.Contains("version 2 is to run at cam1, cam2, cam3, version 1 at the others", Run("canary", TestModels.Name, "2", "cam3", "cam1").Output, StringComparison.Ordinal);
        Assert.Throws<EdgeException>(() => Run("canary", TestModels.Name, "3", "cam1"));
        Assert.Contains("c     2", Run("list", TestModels.Name).Output, StringComparison.Ordinal);
        Assert.Contains("version 1 is to run at every station", Run("rollback", TestModels.Name).Output, StringComparison.Ordinal);
        Assert.Equal((null, 1), (store.Canary(TestModels.Name), store.Current(TestModels.Name)));
        Run("canary", TestModels.Name, "2", "cam1");
        Run("activate", TestModels.Name, "3");
        Assert.Equal((null, 3), (store.Canary(TestModels.Name), store.Current(TestModels.Name)));
        Assert.Matches("1 → 2 +\\(canary at cam1\\) ", Run("history", TestModels.Name).Output);
    }

    private (string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        ModelsCommand.Create().Parse([.. arguments, "--models", folder["models"]]).Invoke(new() { EnableDefaultExceptionHandler = false, Output = output, Error = error });
        return (output.ToString(), error.ToString());
    }
}
