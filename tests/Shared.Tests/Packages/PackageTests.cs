using System.Text.Json.Nodes;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests.Packages;

public sealed class PackageTests
{
    [Fact]
    public void A_published_package_opens_as_it_was_written()
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        Package opened = new PackageStore(models.Path).OpenCurrent("part");
        Assert.Equal(1, opened.Manifest.Version);
        Assert.Equal(0.5f, opened.Manifest.Calibration.Threshold);
        Assert.Equal(package.Manifest.ToJson(), opened.Manifest.ToJson());
        Assert.Equal([1, 2, 3], File.ReadAllBytes(opened.ModelPath));
        Assert.Equal(["1", "current", "history.jsonl"], Directory.EnumerateFileSystemEntries(models["part"]).Select(Path.GetFileName).Order());
        Assert.Equal("1\n", File.ReadAllText(models["part/current"]));
    }

    [Fact]
    public void Versions_count_up_and_current_rolls_back()
    {
        using TempFolder models = new();
        PackageStore store = new(models.Path);
        Assert.Null(store.Current("part"));
        for (int i = 0; i < 11; i++) Publish(models.Path);
        Assert.Equal(Enumerable.Range(1, 11), store.Versions("part"));
        Assert.Equal(11, store.Current("part"));
        store.SetCurrent("part", 9);
        Assert.Equal(9, store.OpenCurrent("part").Manifest.Version);
        Assert.Throws<EdgeException>(() => store.SetCurrent("part", 12));
        Assert.Equal(9, store.Current("part"));
    }

    [Fact]
    public async Task Two_trainers_at_once_publish_two_versions()
    {
        using TempFolder models = new();
        Package[] packages = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Publish(models.Path))));
        Assert.Equal(Enumerable.Range(1, 6), packages.Select(p => p.Manifest.Version).Order());
    }

    [Fact]
    public void A_draft_that_is_given_up_leaves_nothing()
    {
        using TempFolder models = new();
        using (PackageDraft draft = new PackageStore(models.Path).Begin("part")) File.WriteAllBytes(Path.Combine(draft.Folder, "model.onnx"), [1]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(models.Path));
    }

    [Fact]
    public void What_a_killed_trainer_left_is_removed_after_a_day_and_what_is_being_written_stays()
    {
        using TempFolder models = new();
        Directory.CreateDirectory(models["part/.staging-old/golden"]);
        Directory.CreateDirectory(models["part/.staging-new"]);
        Directory.SetLastWriteTimeUtc(models["part/.staging-old"], DateTime.UtcNow.AddDays(-2));
        Publish(models.Path);
        Assert.Equal([".staging-new", "1", "current", "history.jsonl"], Directory.EnumerateFileSystemEntries(models["part"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("model.onnx", "damaged")]
    [InlineData("golden/0001.png", "damaged")]
    [InlineData("report.html", "damaged")]
    public void A_changed_file_is_refused_by_name(string file, string why)
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        byte[] content = File.ReadAllBytes(Path.Combine(package.Folder, file));
        content[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(package.Folder, file), content);
        AssertRefused(package.Folder, file, why);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("golden/expected.json")]
    [InlineData("manifest.json")]
    public void A_truncated_or_missing_file_is_refused_by_name(string file)
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        string path = Path.Combine(package.Folder, file);
        using (FileStream stream = File.OpenWrite(path)) stream.SetLength(stream.Length - 1);
        AssertRefused(package.Folder, file);
        File.Delete(path);
        AssertRefused(package.Folder, file, "missing");
    }

    [Fact]
    public void A_file_too_many_is_refused()
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        File.WriteAllText(Path.Combine(package.Folder, "golden", "extra.sh"), "x");
        AssertRefused(package.Folder, "golden/extra.sh", "does not name");
    }

    [Theory]
    [InlineData("""{"surprise":1}""", "surprise")]
    [InlineData("""{"version":"one"}""", "version")]
    [InlineData("""{"version":0}""", "version")]
    [InlineData("""{"version":null}""", "version")]
    [InlineData("""{"schemaVersion":2}""", "schema")]
    [InlineData("""{"name":"../../etc"}""", "../../etc")]
    [InlineData("""{"calibration":{"threshold":"NaN"}}""", "threshold")]
    [InlineData("""{"calibration":{"extra":true}}""", "extra")]
    [InlineData("""{"calibration":{"reviewFrom":0.6}}""", "review")]
    [InlineData("""{"input":{"width":100000}}""", "100000")]
    [InlineData("""{"files":{"../../../etc/passwd":"00"}}""", "passwd")]
    [InlineData("""{"files":{"/etc/passwd":"00"}}""", "passwd")]
    public void A_manifest_that_is_not_ours_is_refused_with_the_reason(string change, string named)
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        string path = Path.Combine(package.Folder, "manifest.json");
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Merge(manifest, JsonNode.Parse(change)!.AsObject());
        File.WriteAllText(path, manifest.ToJsonString());
        AssertRefused(package.Folder, named);
    }

    [Fact]
    public void A_missing_member_is_refused_by_name()
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        string path = Path.Combine(package.Folder, "manifest.json");
        foreach (string member in (string[])["schemaVersion", "name", "method", "backbone", "input", "calibration", "dataset", "parity", "createdAt", "files"])
        {
            JsonObject manifest = JsonNode.Parse(package.Manifest.ToJson())!.AsObject();
            manifest.Remove(member);
            File.WriteAllText(path, manifest.ToJsonString());
            AssertRefused(package.Folder, member);
        }
    }

    [Fact]
    public void A_duplicate_member_is_refused()
    {
        using TempFolder models = new();
        Package package = Publish(models.Path);
        string path = Path.Combine(package.Folder, "manifest.json");
        File.WriteAllText(path, package.Manifest.ToJson().Replace("{\n", "{\n\"version\": 7,\n", StringComparison.Ordinal));
        AssertRefused(package.Folder, "version");
    }

    [Fact]
    public void A_package_copied_under_another_name_is_refused()
    {
        using TempFolder models = new();
        Publish(models.Path);
        Directory.CreateDirectory(models["other"]);
        Directory.Move(models["part/1"], models["other/1"]);
        EdgeException e = Assert.Throws<EdgeException>(() => new PackageStore(models.Path).Open("other", 1));
        Assert.Contains("part version 1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("A")]
    [InlineData("#")]
    [InlineData(".hidden")]
    public void A_name_that_is_no_folder_or_topic_is_refused(string name) =>
        Assert.Throws<EdgeException>(() => new PackageStore("/tmp").FolderOf(name, 1));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("latest")]
    [InlineData("99999999999")]
    public void A_current_that_is_no_version_is_refused(string content)
    {
        using TempFolder models = new();
        Publish(models.Path);
        File.WriteAllText(models["part/current"], content);
        Assert.Throws<EdgeException>(() => new PackageStore(models.Path).Current("part"));
    }

    [Fact]
    public void The_manifest_survives_a_round_trip_whole()
    {
        using TempFolder models = new();
        string json = Publish(models.Path).Manifest.ToJson();
        Assert.Equal(json, Manifest.Parse(System.Text.Encoding.UTF8.GetBytes(json)).ToJson());
    }

    internal static Package Publish(string models, SigningKey? signer = null)
    {
        using PackageDraft draft = new PackageStore(models) { Signer = signer }.Begin("part");
        File.WriteAllBytes(Path.Combine(draft.Folder, "model.onnx"), [1, 2, 3]);
        File.WriteAllText(Path.Combine(draft.Folder, "report.html"), "<p>report</p>");
        ImageFile.WritePng(Path.Combine(draft.Folder, "golden", "0001.png"), new byte[8 * 8 * 3], 8, 8, PixelFormat.Rgb24);
        draft.WriteGolden(new GoldenSet { Tolerance = 1e-3, Images = [new GoldenImage("0001.png", 0.25f, 0.3f)] });
        return draft.Publish((version, files) => new Manifest
        {
            SchemaVersion = Manifest.CurrentSchema,
            Name = "part",
            Version = version,
            Method = "patchcore",
            Backbone = new BackboneInfo("edge18", new string('0', 64)),
            Input = new InputSpec { Width = 8, Height = 8, Roi = new Roi(1, 2, 3, 4) },
            Calibration = new Calibration
            {
                Method = "split-conformal",
                Threshold = 0.5f,
                FalseRejectRate = 0.05,
                Normals = ScoreStatistics.Of([0.1f, 0.2f, 0.3f]),
                HeatmapRange = new ValueRange(0.1f, 0.9f),
            },
            Dataset = new DatasetInfo(new string('1', 64), 10, 3, 0, 0),
            Parity = new ParityInfo(4, 1e-7, 1e-6, 1e-3),
            Parameters = new Dictionary<string, string> { ["seed"] = "0" },
            CreatedAt = DateTimeOffset.UnixEpoch,
            Files = files,
        });
    }

    private static void AssertRefused(string folder, params string[] named)
    {
        EdgeException e = Assert.Throws<EdgeException>(() => Package.Open(folder));
        Assert.Contains(folder, e.Message, StringComparison.Ordinal);
        foreach (string word in named) Assert.Contains(word, e.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static void Merge(JsonObject into, JsonObject change)
    {
        foreach ((string key, JsonNode? value) in change)
        {
            if (value is JsonObject inner && into[key] is JsonObject target) Merge(target, inner);
            else into[key] = value?.DeepClone();
        }
    }
}
