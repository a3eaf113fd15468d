using Edge.Training.Cli;
using Edge.Training.Data;
using Xunit;

namespace Edge.Tests.Data;

public sealed class DatasetTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
    private Terminal Terminal => new(said, interactive: false, TimeProvider.System);
    private Dataset Open(bool strict = false) => Dataset.Open(folder.Path, strict, Terminal, Ct);
    private string Write(string relative, int content) => Pictures.Write(folder[relative], content);

    [Fact]
    public void Mvtec_layout_gives_labels_masks_and_order()
    {
        Write("train/good/b.png", 1);
        Write("train/good/a.png", 2);
        Write("test/good/x.png", 3);
        Write("test/crack/1.png", 4);
        Write("test/crack/2.png", 5);
        Write("test/crack/3.png", 6);
        File.WriteAllText(folder["train/good/notes.txt"], "not a picture");
        File.WriteAllText(folder["train/good/._a.png"], "what a Mac leaves behind");
        string mask1 = Pictures.WriteMask(folder["ground_truth/crack/1_mask.png"], 4, 4, (_, _) => true);
        string mask2 = Pictures.WriteMask(folder["ground_truth/crack/2.png"], 4, 4, (_, _) => true);

        Dataset data = Open();

        Assert.Equal(["a.png", "b.png"], data.Train.Select(p => Path.GetFileName(p.Path)));
        Assert.All(data.Train, p => Assert.True(p.IsNormal));
        Assert.Equal(["crack", "crack", "crack", "good"], data.Test.Select(p => p.Label));
        Assert.Equal([mask1, mask2, null, null], data.Test.Select(p => p.MaskPath));
        Assert.Empty(data.Skipped);
        Assert.Empty(data.Duplicates);
    }

    [Fact]
    public void Plain_folder_is_all_training()
    {
        Write("1.png", 1);
        Write("2.PNG", 2);
        Dataset data = Open();
        Assert.Equal(2, data.Train.Count);
        Assert.Empty(data.Test);
    }

    [Fact]
    public void What_is_not_a_data_set_is_refused_and_the_layouts_are_named()
    {
        Assert.Contains("does not exist", Refused(folder["nowhere"]), StringComparison.Ordinal);
        Assert.Contains("is empty", Refused(folder.Path), StringComparison.Ordinal);
        Directory.CreateDirectory(folder["subfolder"]);
        Assert.Contains("no pictures in a layout that is understood", Refused(folder.Path), StringComparison.Ordinal);
        string file = Write("subfolder/1.png", 1);
        Assert.Contains("is a file", Refused(file), StringComparison.Ordinal);
        Write("test/good/1.png", 2);
        Assert.Contains("no normal pictures to train on", Refused(folder.Path), StringComparison.Ordinal);
        Directory.CreateDirectory(folder["train/good"]);
        Assert.Contains("no normal pictures to train on", Refused(folder.Path), StringComparison.Ordinal);

        string Refused(string path)
        {
            string message = Assert.Throws<EdgeException>(() => Dataset.Open(path, false, Terminal, Ct)).Message;
            Assert.Contains("train/good", message, StringComparison.Ordinal);
            return message;
        }
    }

    [Fact]
    public void A_test_set_alone_can_be_evaluated_on_and_a_plain_folder_cannot()
    {
        Write("test/good/1.png", 1);
        Assert.Single(Dataset.OpenForTest(folder.Path, false, Terminal, Ct).Test);
        using TempFolder plain = new();
        Pictures.Write(plain["1.png"], 1);
        Assert.Contains("test/<defect>", Assert.Throws<EdgeException>(() => Dataset.OpenForTest(plain.Path, false, Terminal, Ct)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicates_are_dropped_and_leaks_leave_training()
    {
        Write("train/good/a.png", 1);
        Write("train/good/b.png", 1);
        Write("train/good/c.png", 2);
        Write("train/good/d.png", 3);
        Write("test/good/e.png", 2);
        Dataset data = Open();
        Assert.Equal(["a.png", "d.png"], data.Train.Select(p => Path.GetFileName(p.Path)));
        Assert.Single(data.Test);
        Assert.Equal(new DuplicatePicture(folder["train/good/a.png"], folder["train/good/b.png"]), Assert.Single(data.Duplicates));
        Assert.Contains("1 training pictures are also test pictures", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("c.png", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_with_two_labels_is_believed_under_neither()
    {
        Write("train/good/a.png", 1);
        Write("test/good/b.png", 2);
        Write("test/crack/c.png", 2);
        Write("test/crack/d.png", 3);
        Dataset data = Open();
        Assert.Equal("d.png", Path.GetFileName(Assert.Single(data.Test).Path));
        Assert.Equal(["c.png", "b.png"], data.Skipped.Select(s => Path.GetFileName(s.Path)));
    }

    [Fact]
    public void An_empty_file_is_named_and_strict_stops()
    {
        Write("train/good/a.png", 1);
        File.WriteAllBytes(folder["train/good/broken.png"], []);
        Assert.Equal(new SkippedPicture(folder["train/good/broken.png"], "the file is empty"), Assert.Single(Open().Skipped));
        Assert.Contains("broken.png", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("broken.png", Assert.Throws<EdgeException>(() => Open(strict: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Digest_depends_on_content_only()
    {
        Write("train/good/a.png", 1);
        Write("train/good/b.png", 2);
        string before = Open().Digest;
        File.Move(folder["train/good/a.png"], folder["train/good/z.png"]);
        Assert.Equal(before, Open().Digest);
        Assert.Matches("^[0-9a-f]{64}$", before);
        Write("train/good/c.png", 3);
        Assert.NotEqual(before, Open().Digest);
    }
}
