using Edge.Training.Backbones;
using Xunit;

namespace Edge.Tests.Backbones;

public sealed class ResNetTests
{
    private const int Width = 4;   // channels of the stem; layer2 and layer3 have 2 and 4 times as many

    [Fact]
    public void A_missing_tensor_and_a_wrong_shape_are_named_and_others_are_ignored()
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = RawTensors(seed: 1);
        tensors["fc.weight"] = ([1], [1]);
        Assert.Equal(2 * Width, ResNet.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))).Layer2.Channels);

        tensors.Remove("layer3.0.downsample.1.running_var");
        EdgeException missing = Assert.Throws<EdgeException>(() => ResNet.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))));
        Assert.Contains("layer3.0.downsample.1.running_var of shape [16]", missing.Message, StringComparison.Ordinal);

        tensors["layer2.0.conv2.weight"] = ([8, 8, 1, 1], new float[64]);
        EdgeException wrong = Assert.Throws<EdgeException>(() => ResNet.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))));
        Assert.Contains("layer2.0.conv2.weight has shape [8, 8, 1, 1]; expected [8, 8, 3, 3]", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2,1,2", 0, "layer2.1.conv1.weight is missing")]
    [InlineData("2,3,2", 0, "have 2, 3, 2 basic blocks; a ResNet has 2, 2, 2 or 3, 4, 6")]
    [InlineData("3,4,5", 4, "have 3, 4, 5 bottleneck blocks; a ResNet has 3, 4, 6 or 3, 4, 23 or 3, 8, 36")]
    public void A_file_that_has_lost_blocks_is_refused(string blocks, int expansion, string why)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = TrunkWeights.ResNet(1, Width, [.. blocks.Split(',').Select(int.Parse)], expansion);
        Assert.Contains(why, Assert.Throws<EdgeException>(() => ResNet.Read(new Safetensors("w", SafetensorsFiles.Of(tensors)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_embedded_trunk_is_the_half_width_one()
    {
        Backbone backbone = Backbone.Load(null);
        Assert.Equal("edge18", backbone.Info.Name);
        Assert.Equal((32, 64, 128), (backbone.Trunk.Layer1.Channels, backbone.Trunk.Layer2.Channels, backbone.Trunk.Layer3.Channels));
        Assert.Equal(64, backbone.Info.Sha256.Length);
    }

    [Fact]
    public void Torchvisions_trunk_is_read_and_a_truncated_copy_refused()
    {
        string path = TestPaths.Shared("backbones/resnet18_trunk.safetensors");
        Assert.Equal(256, Backbone.Load(path).Trunk.Layer3.Channels);
        using TempFolder folder = new();
        File.WriteAllBytes(folder["cut.safetensors"], File.ReadAllBytes(path).AsSpan(0, 5_000_000));
        EdgeException e = Assert.Throws<EdgeException>(() => Backbone.Load(folder["cut.safetensors"]));
        Assert.Contains("cut.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Contains("truncated", e.Message, StringComparison.Ordinal);
        Assert.Contains("tensor ", e.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<EdgeException>(() => Backbone.Load(folder["absent"])).Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> RawTensors(int seed) => TrunkWeights.ResNet(seed, Width, [2, 2, 2], expansion: 0);
}
