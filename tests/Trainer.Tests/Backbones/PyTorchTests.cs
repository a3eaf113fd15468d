using System.IO.Compression;
using System.Text;
using CsCheck;
using Edge.Training.Backbones;
using Xunit;

namespace Edge.Tests.Backbones;

public sealed class PyTorchTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string source;

    public PyTorchTests()
    {
        source = folder["w.safetensors"];
        SafetensorsWriter.Write(source, new Dictionary<string, string>(), [.. TrunkWeights.ResNet(seed: 2, width: 2, [2, 2, 2], expansion: 0).Select(t => (t.Key, t.Value.Shape, t.Value.Values))]);
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("zip", "plain", 2)]
    [InlineData("zip", "plain", 5)]
    [InlineData("zip", "wrapped", 2)]
    [InlineData("zip", "parallel", 4)]
    [InlineData("zip", "parameter", 3)]
    [InlineData("legacy", "plain", 2)]
    [InlineData("legacy", "wrapped", 2)]
    public void A_checkpoint_gives_the_same_trunk_as_safetensors(string format, string mode, int protocol)
    {
        OperatorTrunk expected = (OperatorTrunk)Backbone.Load(source).Trunk;
        OperatorTrunk trunk = (OperatorTrunk)Backbone.Load(PyTorchFiles.Write(source, folder["w.pth"], format, mode, protocol)).Trunk;
        Assert.Equal(expected.Convolutions.Select(c => c.Name), trunk.Convolutions.Select(c => c.Name));
        foreach ((Convolution a, Convolution b) in expected.Convolutions.Zip(trunk.Convolutions)) Assert.True(a.Weight.AsSpan().SequenceEqual(b.Weight) && a.Bias.AsSpan().SequenceEqual(b.Bias));
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("legacy")]
    public void Half_precision_is_read(string format)
    {
        float[] expected = WeightsFile.Open(source).Read("conv1.weight", 2, 3, 7, 7), values = WeightsFile.Open(PyTorchFiles.Write(source, folder["w.pth"], format, "half")).Read("conv1.weight", 2, 3, 7, 7);
        Assert.Equal(expected.Select(v => (float)(Half)v), values);
    }

    [Theory]
    [InlineData("zip", "code", "posix.system")]
    [InlineData("legacy", "code", "posix.system")]
    [InlineData("zip", "argparse", "argparse.Namespace")]
    [InlineData("zip", "strided", ".contiguous()")]
    public void Whatever_is_more_than_weights_is_refused_and_nothing_is_executed(string format, string mode, string why)
    {
        string path = PyTorchFiles.Write(source, folder["w.pth"], format, mode);
        Assert.Contains(why, Assert.Throws<EdgeException>(() => Backbone.Load(path)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists($"{path}.executed"));
    }

    [Theory]
    [InlineData("cbuiltins\neval\n(X\x0c\0\0\0__import__()tR.", "builtins.eval")]
    [InlineData("\x8c\x02os\x8c\x06system\x93.", "os.system")]
    [InlineData("cbuiltins\ngetattr\n.", "builtins.getattr")]
    [InlineData("(lp0\n.", "opcode 0x6c")]                       // LIST, of protocol 0
    [InlineData("(cos\nsystem\no.", "os.system")]
    [InlineData("}.", "no tensors")]
    [InlineData("]a.", "without a list")]
    [InlineData("K\x01K\x02s.", "without a dictionary")]
    [InlineData("h\x05.", "never remembered")]
    [InlineData("t.", "mark is missing")]
    [InlineData("X\xff\xff\xff\x7fqa.", "truncated")]
    [InlineData("K\x01", "truncated")]
    [InlineData("\u008a\u0009123456789.", "integer of 9 bytes")]
    [InlineData("(K\x01tQ.", "no storage of numbers")]
    [InlineData("", "truncated")]
    public void A_pickle_that_is_no_state_dict_is_refused(string pickle, string why) => Assert.Contains(why, Refusal(Encoding.Latin1.GetBytes(pickle)), StringComparison.Ordinal);

    [Fact]
    public void Bombs_are_refused_in_bounded_memory()
    {
        Assert.Contains("nested too deeply", Refusal([.. Enumerable.Repeat((byte)'(', 3 << 20)]), StringComparison.Ordinal);
        Assert.Contains("no dictionary of tensors", Refusal([(byte)')', .. Enumerable.Repeat((byte)0x85, 3 << 20), (byte)'.']).Replace("does not hold a dictionary", "no dictionary", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("remembers too much", Refusal([(byte)'N', .. Enumerable.Repeat((byte)0x94, 3 << 20)]), StringComparison.Ordinal);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("not 4611686018427387903 numbers", Refusal(Tensor(count: long.MaxValue / 2, shape: 4), new byte[16]), StringComparison.Ordinal);
        Assert.Contains("does not fit", Refusal(Tensor(count: 4, shape: long.MaxValue), new byte[16]), StringComparison.Ordinal);
        Assert.Contains("larger than itself", Refusal(Tensor(count: 25 << 20, shape: 25 << 20), new byte[100 << 20], CompressionLevel.Fastest, () => before = GC.GetAllocatedBytesForCurrentThread()), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("legacy")]
    public void Whatever_the_bytes_a_file_is_read_or_refused(string format)
    {
        byte[] good = File.ReadAllBytes(PyTorchFiles.Write(source, folder["w.pth"], format));
        Gen.Select(Gen.Int[0, Math.Min(good.Length, 6000) - 1], Gen.Byte, Gen.Int[0, good.Length], Gen.Bool).Sample(
            (at, value, length, cut) =>
            {
                byte[] file = cut ? good[..length] : [.. good];
                if (at < file.Length) file[at] = value;
                string path = folder[$"{Guid.NewGuid():N}.pth"];
                File.WriteAllBytes(path, file);
                try
                {
                    Assert.Equal(2 * 3 * 49, WeightsFile.Open(path).Read("conv1.weight", 2, 3, 7, 7).Length);
                }
                catch (EdgeException)
                {
                }
                finally
                {
                    File.Delete(path);
                }
            },
            iter: 300);
    }

    [Fact]
    public void Another_zip_is_said_so()
    {
        using (ZipArchive zip = ZipFile.Open(folder["other.zip"], ZipArchiveMode.Create)) zip.CreateEntry("readme.txt");
        Assert.Contains("not PyTorch's", Assert.Throws<EdgeException>(() => WeightsFile.Open(folder["other.zip"])).Message, StringComparison.Ordinal);
    }

    /// <summary>{"a": a float tensor [shape] in a storage of so many}.</summary>
    private static byte[] Tensor(long count, long shape)
    {
        string Long(long value) => $"\x8a\x08{Encoding.Latin1.GetString(BitConverter.GetBytes(value))}";
        return Encoding.Latin1.GetBytes($"}}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\00X\x03\0\0\0cpu{Long(count)}tQK\0{Long(shape)}\x85K\x01\x85\x89}}tRs.");
    }

    private string Refusal(byte[] pickle, byte[]? storage = null, CompressionLevel level = CompressionLevel.NoCompression, Action? written = null)
    {
        File.Delete(folder["bad.pth"]);
        using (ZipArchive zip = ZipFile.Open(folder["bad.pth"], ZipArchiveMode.Create))
        {
            void Entry(string name, byte[] content)
            {
                using Stream stream = zip.CreateEntry(name, level).Open();
                stream.Write(content);
            }
            Entry("archive/data.pkl", pickle);
            if (storage is not null) Entry("archive/data/0", storage);
        }
        written?.Invoke();
        return Assert.Throws<EdgeException>(() => WeightsFile.Open(folder["bad.pth"])).Message;
    }
}
