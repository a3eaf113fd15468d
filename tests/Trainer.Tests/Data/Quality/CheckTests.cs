using System.Text.Json;
using Edge.Tests.Reports;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Data.Quality;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Data.Quality;

/// <summary>Each fault is made on purpose in one picture of a set, and must be found in that one alone.</summary>
public sealed class CheckTests : IDisposable
{
    private const int Width = 320, Height = 256;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A textured disc; the seed moves its texture and a little its place, as with parts of one type.</summary>
    private static Mat Part(int seed)
    {
        Mat part = new(Height, Width, MatType.CV_8UC3, new Scalar(40, 40, 40));
        Random random = new(seed);
        Cv2.Circle(part, new Point(160 + random.Next(-3, 4), 128 + random.Next(-3, 4)), 90, new Scalar(150, 155, 160), -1);
        for (int i = 0; i < 60; i++) Cv2.Line(part, new Point(random.Next(80, 240), random.Next(50, 200)), new Point(random.Next(80, 240), random.Next(50, 200)), Scalar.All(random.Next(90, 220)), 1);
        return part;
    }

    private void Write(string name, Mat picture, params int[] options)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        Assert.True(Cv2.ImWrite(folder[name], picture, options));
    }

    private void WriteParts(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using Mat part = Part(i);
            Write($"data/{(i % 3 == 0 ? "test" : "train")}/good/{i:00}.png", part);
        }
    }

    private CheckFinding[] Check()
    {
        List<SkippedPicture> unreadable = [];
        IReadOnlyList<ExaminedPicture> pictures = Examination.Run(DataFolder.Files(folder["data"]), unreadable, Pictures.Quiet(), Ct);
        return [.. unreadable.Select(u => new CheckFinding(Path.GetFileName(u.Path), Finding.Unreadable, u.Reason)), .. DataCheck.Run(pictures)];
    }

    [Fact]
    public void A_clean_set_has_no_findings()
    {
        WriteParts(20);
        Assert.Empty(Check());
    }

    [Fact]
    public void Every_fault_is_found_where_it_is_and_nowhere_else()
    {
        WriteParts(20);
        using Mat part = Part(50), blurred = new(), small = new(), dark = new(), bright = new();
        Cv2.GaussianBlur(part, blurred, new Size(0, 0), 2.5);
        Write("data/train/good/blurred.png", blurred);
        using Mat other = Part(51);
        Cv2.Resize(other, small, new Size(300, 256));
        Write("data/train/good/small.png", small);
        using Mat third = Part(52), fourth = Part(53);
        third.ConvertTo(dark, -1, 0.2);
        Write("data/train/good/dark.png", dark);
        fourth.ConvertTo(bright, -1, 2.5);
        Write("data/test/good/bright.png", bright);
        File.WriteAllBytes(folder["data/train/good/cut.png"], File.ReadAllBytes(folder["data/train/good/01.png"]).AsSpan(0, 500));
        File.Copy(folder["data/train/good/02.png"], folder["data/test/good/copy.png"]);
        using Mat again = Part(4);
        Write("data/test/good/again.jpg", again, (int)ImwriteFlags.JpegQuality, 90);                   // the same exposure, compressed
        using Mat scratched = Part(5);
        Cv2.Line(scratched, new Point(140, 100), new Point(150, 118), Scalar.All(255), 3);
        Write("data/test/scratch/05.png", scratched);                                                   // the same part, another picture
        CheckFinding[] findings = Check();
        Assert.Equal(
        [
            ("cut.png", Finding.Unreadable), ("test/good/again.jpg", Finding.NearDuplicate), ("test/good/bright.png", Finding.Overexposed), ("test/good/copy.png", Finding.Duplicate),
            ("train/good/blurred.png", Finding.Blurred), ("train/good/dark.png", Finding.Underexposed), ("train/good/small.png", Finding.OddSize),
        ],
        findings.Where(f => !(f.File.Contains("dark", StringComparison.Ordinal) && f.Finding == Finding.Blurred)).Select(f => (f.File, f.Finding)).OrderBy(f => f.File, StringComparer.Ordinal));
        Assert.Contains("one is trained on, the other tested on", findings.Single(f => f.Finding == Finding.NearDuplicate).Detail, StringComparison.Ordinal);
        Assert.Equal("train/good/02.png", findings.Single(f => f.Finding == Finding.Duplicate).Other);
    }

    [Fact]
    public void Sizes_that_vary_are_not_odd_and_few_pictures_say_nothing()
    {
        for (int i = 0; i < 10; i++)
        {
            using Mat part = Part(i), resized = new();
            Cv2.Resize(part, resized, new Size(200 + 10 * i, 200));
            Write($"data/{i}.png", resized);
        }
        Assert.DoesNotContain(Check(), f => f.Finding == Finding.OddSize);
        for (int i = 3; i < 10; i++) File.Delete(folder[$"data/{i}.png"]);
        Assert.Empty(Check());
    }

    [Fact]
    public async Task The_command_changes_nothing_and_a_package_finds_suspects()
    {
        Brightness.Publish(folder["models"], threshold: 120);
        for (int i = 0; i < 8; i++) Brightness.Write(folder[$"data/train/good/{i}.png"], (byte)(20 + 10 * i), (byte)(100 + 5 * i));
        string[] before = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        StringWriter output = new();
        Assert.Equal(0, await Run(output, "--data", folder["data"], "--package", folder["models/part"], "--json"));
        Assert.Equal(before, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
        JsonElement document = JsonDocument.Parse(output.ToString()).RootElement;
        // Scores are 100, 105, …, 135; the one at the threshold is suspect, the highest comes first.
        Assert.Equal(["train/good/7.png", "train/good/6.png", "train/good/5.png", "train/good/4.png"],
            document.GetProperty("findings").EnumerateArray().Where(f => f.GetProperty("finding").GetString() == "mislabelled-suspect").Select(f => f.GetProperty("file").GetString()));
        Assert.Empty(document.GetProperty("notChecked").EnumerateArray());
        Assert.Contains("does not exist", (await Assert.ThrowsAsync<EdgeException>(() => Run(output, "--data", folder["absent"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_package_the_pictures_judge_each_other()
    {
        string real = TestPaths.Shared("datasets/print_aqa");
        Directory.CreateDirectory(folder["data"]);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(real, "train/good"))) File.Copy(file, folder[$"data/{Path.GetFileName(file)}"]);
        foreach (string defect in (string[])["line/1_0", "spot/1_0"]) File.Copy(Path.Combine(real, $"test/{defect}.png"), folder[$"data/wrong-{Path.GetDirectoryName(defect)}.png"]);
        StringWriter output = new();
        Assert.Equal(0, await Run(output, "--data", folder["data"], "--json"));
        JsonElement document = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(["wrong-line.png", "wrong-spot.png"],
            document.GetProperty("findings").EnumerateArray().Where(f => f.GetProperty("finding").GetString() == "mislabelled-suspect").Select(f => f.GetProperty("file").GetString()).Order());

        output.GetStringBuilder().Clear();
        Assert.Equal(0, await Run(output, "--data", folder["data"], "--json", "--fast"));
        document = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal("labels: --fast", Assert.Single(document.GetProperty("notChecked").EnumerateArray()).GetString());
        Assert.DoesNotContain(document.GetProperty("findings").EnumerateArray(), f => f.GetProperty("finding").GetString() == "mislabelled-suspect");
    }

    private static Task<int> Run(TextWriter output, params string[] args) =>
        CheckCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false, Output = output }, Ct);
}
