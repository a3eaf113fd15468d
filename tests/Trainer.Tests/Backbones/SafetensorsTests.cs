using CsCheck;
using Edge.Training.Backbones;
using Xunit;

namespace Edge.Tests.Backbones;

public sealed class SafetensorsTests
{
    private const string Pair = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}}""";
    private static readonly byte[] PairData = [0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 0, 63, 0, 0, 64, 64];   // 1, −2, 0.5, 3

    [Fact]
    public void Reads_values_and_ignores_metadata()
    {
        Safetensors file = new("w.safetensors", SafetensorsFiles.Of(Pair.Insert(1, "\"__metadata__\":{\"x\":\"y\"},"), PairData));
        Assert.Equal([1f, -2f], file.Read("a", 2));
        Assert.Equal([0.5f, 3f], file.Read("b", 1, 2));
    }

    [Theory]
    [InlineData("F16", new byte[] { 0, 60, 0, 192 })]
    [InlineData("BF16", new byte[] { 128, 63, 0, 192 })]
    public void Half_precision_becomes_float(string type, byte[] data)
    {
        Safetensors file = new("w", SafetensorsFiles.Of($$$"""{"a":{"dtype":"{{{type}}}","shape":[2],"data_offsets":[0,4]}}""", data));
        Assert.Equal([1f, -2f], file.Read("a", 2));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "b", "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", "b", "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "a", "not a range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "a", "not a range")]
    [InlineData("""{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}""", "a", "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}""", "a", "needs 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}""", "a", "needs 73786976294838206464 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]}}""", "a", "[-2, -2]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "8 bytes follow", "last tensor")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,16]}}""", "Q4", "not known")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8,16]}}""", "a", "3 data offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}}""", "header", "not valid")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,16]}}""", "header", "not valid")]
    [InlineData("""{"a":[1,2]}""", "header", "not valid")]
    [InlineData("""["a"]""", "header", "not valid")]
    [InlineData("not json", "header", "not valid")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "a", "twice")]
    public void A_header_that_lies_is_refused_by_file_and_tensor(string header, string named, string why)
    {
        EdgeException e = Assert.Throws<EdgeException>(() => new Safetensors("bad.safetensors", SafetensorsFiles.Of(header, PairData)));
        Assert.Contains("bad.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 62)]
    [InlineData(100UL)]
    public void A_header_longer_than_the_file_is_refused(ulong claimed) =>
        Assert.Contains($"{claimed} bytes", Assert.Throws<EdgeException>(() => new Safetensors("w", SafetensorsFiles.Of("{}", [], claimed))).Message, StringComparison.Ordinal);

    [Fact]
    public void Wrong_tensors_are_named_with_both_shapes()
    {
        Safetensors file = new("w.safetensors", SafetensorsFiles.Of(Pair, PairData));
        Assert.Equal("Weights file w.safetensors is refused: tensor b has shape [1, 2]; expected [2].", Assert.Throws<EdgeException>(() => file.Read("b", 2)).Message);
        Assert.Equal("Weights file w.safetensors is refused: tensor c of shape [2, 3] is missing.", Assert.Throws<EdgeException>(() => file.Read("c", 2, 3)).Message);
        byte[] nan = [.. PairData];
        (nan[2], nan[3]) = (0xc0, 0x7f);
        Assert.Contains("tensor a holds NaN", Assert.Throws<EdgeException>(() => new Safetensors("w", SafetensorsFiles.Of(Pair, nan)).Read("a", 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_bytes_a_file_is_read_or_refused()
    {
        byte[] good = SafetensorsFiles.Of(Pair, PairData);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((at, value, length) =>
        {
            byte[] file = good[..length];
            if (at < length) file[at] = value;
            try
            {
                Assert.Equal(2, new Safetensors("w", file).Read("a", 2).Length);
            }
            catch (EdgeException)
            {
            }
        });
    }
}
