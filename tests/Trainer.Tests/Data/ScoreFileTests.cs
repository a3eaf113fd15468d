using Edge.Training.Data;
using Xunit;

namespace Edge.Tests.Data;

public sealed class ScoreFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private IReadOnlyList<ScoredPart> Read(string text)
    {
        File.WriteAllText(folder["scores"], text);
        return ScoreFile.Read(folder["scores"]).Parts;
    }

    [Theory]
    [InlineData("1.5,good\n2,scratch\n3\n")]
    [InlineData("score,label\n1.5,Normal\n2,scratch\n3,\n")]
    [InlineData("file;label;score\n\"a;b.png\";0;1.5\nb.png;scratch;2\nc.png;;3\n")]
    [InlineData("label\tscore\nok\t1.5\n\nscratch\t2\n\t3e0\n")]
    [InlineData("""[{"score":1.5,"label":"good"},{"score":2,"label":"scratch"},{"score":3}]""")]
    [InlineData("""{"model":"m","pictures":[{"score":1.5,"label":"good","verdict":"accept"},{"score":2,"label":"scratch"},{"score":3,"label":null}]}""")]
    [InlineData("\uFEFF{\"score\":1.5,\"label\":\"good\"}\n{\"score\":2,\"label\":\"scratch\"}\n{\"file\":\"c.png\",\"score\":3}\n")]
    public void Every_form_says_the_same(string text) => Assert.Equal([new(1.5f, "good"), new(2, "scratch"), new(3, null)], Read(text));

    [Theory]
    [InlineData("1\nabc\n", "row 2", "abc")]
    [InlineData("1,good\nNaN,good\n", "row 2", "NaN")]
    [InlineData("1\n\n2\nInfinity", "row 3", "Infinity")]
    [InlineData("score\n1\n\"2\n", "can't be read", "")]
    [InlineData("", "no scores", "")]
    [InlineData("score,label\n", "no scores", "")]
    [InlineData("""{"pictures":[{"score":1},{"score":null}]}""", "part 2", "score")]
    [InlineData("""{"pictures":[{"score":1e60}]}""", "part 1", "")]
    [InlineData("""{"score":1}{"score":""", "can't be read", "")]
    [InlineData("""[[1,2]]""", "part 1", "score")]
    public void What_is_no_score_is_refused_with_its_place(string text, string where, string what)
    {
        string message = Assert.Throws<EdgeException>(() => Read(text)).Message;
        Assert.Contains(where, message, StringComparison.Ordinal);
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Uninspected_parts_have_no_score_and_are_counted()
    {
        File.WriteAllText(folder["scores"], """{"score":1.5,"verdict":"accept"}{"verdict":"uninspected","score":null}{"verdict":"uninspected"}{"score":2,"verdict":"reject"}""");
        ScoreFile file = ScoreFile.Read(folder["scores"]);
        Assert.Equal([new(1.5f, null), new(2, null)], file.Parts);
        Assert.Equal(2, file.Uninspected);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("nowhere.csv", Assert.Throws<EdgeException>(() => ScoreFile.Read(folder["nowhere.csv"])).Message, StringComparison.Ordinal);
}
