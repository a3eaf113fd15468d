using System.Text.Json;
using Edge.Tests.Data;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Samples;
using Xunit;

namespace Edge.Tests.Samples;

public sealed class SamplesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<int> Command(params string[] args) => SamplesCommand.Create().Parse(args)
        .InvokeAsync(new() { EnableDefaultExceptionHandler = false }, Ct);

    [Fact]
    public async Task Writes_a_data_set_that_the_trainer_reads()
    {
        string place = folder["new/samples"];
        Assert.Equal(0, await Command("--out", place, "--normals", "4", "--test-normals", "2", "--per-defect", "1", "--width", "320", "--height", "256"));
        Dataset data = Dataset.Open(place, strict: true, Pictures.Quiet(), Ct);
        Assert.Equal(4, data.Train.Count);
        Assert.Equal(["burr", "contamination", "dent", "good", "good", "hole", "scratch", "stain"], data.Test.Select(p => p.Label));
        Assert.All(data.Test, p => Assert.Equal(p.IsNormal, p.MaskPath is null));
        Assert.Empty(data.Duplicates);
        using JsonDocument index = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(place, "samples.json"), Ct));
        Assert.Equal(12, index.RootElement.GetProperty("pictures").GetArrayLength());
        Assert.Single(Directory.GetFileSystemEntries(folder["new"]));   // nothing beside it
    }

    [Fact]
    public async Task Replaces_only_what_it_wrote_and_only_when_told_to()
    {
        string[] small = ["--normals", "1", "--test-normals", "0", "--per-defect", "0", "--width", "256", "--height", "256"];
        string mine = folder["mine"], theirs = folder["theirs"];
        Pictures.Write(folder["theirs/holiday.png"], 1);
        Assert.Contains("not written by this command", (await Assert.ThrowsAsync<EdgeException>(() => Command(["--out", theirs, "--force", .. small]))).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(mine);
        Assert.Equal(0, await Command(["--out", mine, .. small]));
        byte[] before = await File.ReadAllBytesAsync(folder["mine/train/good/0000.jpg"], Ct);
        Assert.Contains("--force", (await Assert.ThrowsAsync<EdgeException>(() => Command(["--out", mine, .. small]))).Message, StringComparison.Ordinal);
        Assert.Equal(0, await Command(["--out", mine, "--force", "--seed", "1", .. small]));
        Assert.NotEqual(before, await File.ReadAllBytesAsync(folder["mine/train/good/0000.jpg"], Ct));
        Assert.Equal(0, await Command(["--out", mine + "/", "--force", .. small]));
        Assert.Equal(before, await File.ReadAllBytesAsync(folder["mine/train/good/0000.jpg"], Ct));
        Assert.True(File.Exists(folder["theirs/holiday.png"]));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Fact]
    public void Cancelled_half_way_leaves_nothing()
    {
        using CancellationTokenSource cancel = new();
        string place = folder["samples"];
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            using StagedFolder staged = new(place);
            new SampleWriter(256, 256, 0).Write(staged.Staging, Sample.Plan(200, 0, 0), new Progress((_, _) => cancel.Cancel()), cancel.Token);
            staged.Publish();
        });
        Assert.True(cancel.IsCancellationRequested);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_larger_set_contains_the_smaller_one()
    {
        Assert.Superset(Sample.Plan(3, 2, 1).ToHashSet(), Sample.Plan(10, 5, 4).ToHashSet());
        Assert.Distinct(Sample.Plan(50, 50, 50).Select(s => (s.Index, s.Defect)));
    }

    [Theory]
    [InlineData("--width", "100")]
    [InlineData("--normals", "-1")]
    [InlineData("--per-defect", "10000000")]
    public async Task Numbers_that_make_no_sense_are_refused(string option, string value)
    {
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => Command("--out", folder["x"], option, value));
        Assert.Contains(option, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }
}
