using Edge.Training.Cli;
using Edge.Training.Data.Labels;
using Xunit;

namespace Edge.Tests.Data.Labels;

public sealed class LabelCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<int> Run(params string[] args) => LabelCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false }, Ct);

    private const string Coco = """
        {"images":[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"day2/b.png"},{"id":3,"file_name":"c.png"},{"id":7,"file_name":"d.png"}],
         "annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4]},{"id":2,"image_id":1,"category_id":1},
                        {"id":3,"image_id":2,"category_id":2},{"id":4,"image_id":2,"category_id":1},{"id":5,"image_id":3,"category_id":9}],
         "categories":[{"id":1,"name":"crack"},{"id":2,"name":"dirt"},{"id":9,"name":"OK"}]}
        """;

    private const string Cvat = """
        <?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>
        <image id="0" name="captures/a.png" width="24" height="16"><tag label="crack" source="manual"/><box label="crack" xtl="1" ytl="1" xbr="2" ybr="2"/></image>
        <image id="1" name="captures/day2/b.png" width="24" height="16"><tag label="dirt"/><polygon label="crack" points="1,1;2,2;3,1"/></image>
        <image id="2" name="c.png" width="24" height="16"><tag label="Normal"/></image><image id="3" name="d.png" width="24" height="16"></image></annotations>
        """;

    private const string Csv = "\uFEFFImage;Width;Label\r\na.png;24;crack\r\n\"day2/b.png\";24;\"dirt\"\r\nday2/b.png;24;crack\r\nc.png;24;good\r\nd.png;24;\r\n";

    private string Captures()
    {
        foreach ((string name, int i) in new[] { "a.png", "day2/b.png", "c.png", "d.png" }.Select((n, i) => (n, i))) Pictures.Write(folder["captures/" + name], i);
        return folder["captures"];
    }

    [Theory]
    [InlineData("--csv", Csv)]
    [InlineData("--coco", Coco)]
    [InlineData("--cvat", Cvat)]
    public async Task Three_formats_say_the_same(string option, string content)
    {
        await File.WriteAllTextAsync(folder["labels"], content, Ct);
        Assert.Equal(0, await Run("--data", Captures(), option, folder["labels"], "--out", folder["parts"]));
        Assert.Equal(["test/combined/b.png", "test/crack/a.png", "train/good/c.png"], Files("parts"));                       // nobody said that d is normal
        Assert.Equal(0, await Run("--data", folder["captures"], option, folder["labels"], "--rest-is-normal", "--link"));
        Assert.Equal(["test/combined/b.png", "test/crack/a.png", "train/good/c.png", "train/good/d.png"], Files("captures-labelled"));
        Assert.Equal(4, Files("captures").Length);
        Assert.Equal(await File.ReadAllBytesAsync(folder["captures/d.png"], Ct), await File.ReadAllBytesAsync(folder["captures-labelled/train/good/d.png"], Ct));
    }

    [Theory]
    [InlineData("--csv", "picture,label\na.png,crack\n", "needs a column file")]
    [InlineData("--csv", "file,label\na.png\n", "Line 2 of the CSV file has 1 fields")]
    [InlineData("--csv", "file,label\n\"a.png,crack\n", "has no end")]
    [InlineData("--csv", "file,label\nz.png,crack\n", "z.png (line 2) is not among the pictures")]
    [InlineData("--csv", "file,label\na.png,../../etc\n", "can't be a folder's name")]
    [InlineData("--csv", "file,label\n../../captures/a.png,crack\na.png,dirt\n", "is labelled 'crack' and 'dirt'")]
    [InlineData("--csv", "file,label\nd.png,\n", "labels none of the pictures")]
    [InlineData("--csv", "", "is empty")]
    [InlineData("--coco", "{\"images\":[]}", "not COCO")]
    [InlineData("--coco", "file,label", "not COCO")]
    [InlineData("--coco", "{\"images\":[],\"categories\":[],\"annotations\":[{\"image_id\":3,\"category_id\":1}]}", "about image 3")]
    [InlineData("--cvat", "<annotations><image", "not CVAT's XML")]
    [InlineData("--cvat", "<svg/>", "its root is <svg>")]
    [InlineData("--cvat", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><annotations><image name=\"&x;\"/></annotations>", "not CVAT's XML")]
    public async Task Bad_label_files_are_said_and_leave_nothing(string option, string content, string message)
    {
        await File.WriteAllTextAsync(folder["labels"], content, Ct);
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => Run("--data", Captures(), option, folder["labels"], "--out", folder["parts"]));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(["captures", "labels"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task One_source_of_labels_is_needed()
    {
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => Run("--data", Captures()));
        Assert.Contains("one of --csv, --coco and --cvat", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_labels_become_one()
    {
        Assert.Null(SceneLabel.Of(["", " "]));
        Assert.Equal("good", SceneLabel.Of(["OK", "normal"]));
        Assert.Equal("crack", SceneLabel.Of(["good", "crack", "crack "]));
        Assert.Equal("combined", SceneLabel.Of(["crack", "dirt"]));
    }

    private string[] Files(string place) => [.. Directory.EnumerateFiles(folder[place], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder[place], f)).Order(StringComparer.Ordinal)];
}
