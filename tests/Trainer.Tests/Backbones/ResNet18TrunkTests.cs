using Edge.Training.Backbones;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Backbones;

public sealed class ResNet18TrunkTests
{
    private const int Width = 4;   // channels of the stem; layer2 and layer3 have 2 and 4 times as many

    [Fact]
    public void Raw_batch_norm_folded_equals_torchs_own_batch_norm()
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, (long[] Shape, float[] Values)> tensors = RawTensors(seed: 3);
        ResNet18Trunk trunk = ResNet18Trunk.Read(new Safetensors("raw", SafetensorsFiles.Of(tensors)));
        byte[] pixels = new byte[2 * 72 * 40 * 3];
        new Random(4).NextBytes(pixels);
        Tensor image = tensor(pixels, [2, 72, 40, 3]);
        using TrunkNetwork network = new(trunk);
        (Tensor layer2, Tensor layer3) = network.Forward(image);
        (Tensor expected2, Tensor expected3) = Unfolded(tensors, image);
        Assert.Equal([2, 2 * Width, 9, 5], layer2.shape);
        Assert.Equal([2, 4 * Width, 5, 3], layer3.shape);
        Assert.True(allclose(layer2, expected2, rtol: 1e-4, atol: 1e-5));
        Assert.True(allclose(layer3, expected3, rtol: 1e-4, atol: 1e-5));
        Assert.True(layer3.abs().max().item<float>() > 0.01f);
    }

    [Fact]
    public void A_missing_tensor_and_a_wrong_shape_are_named_and_others_are_ignored()
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = RawTensors(seed: 1);
        tensors["fc.weight"] = ([1], [1]);
        Assert.Equal(2 * Width, ResNet18Trunk.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))).Layer2[1].Second.Out);

        tensors.Remove("layer3.0.downsample.1.running_var");
        EdgeException missing = Assert.Throws<EdgeException>(() => ResNet18Trunk.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))));
        Assert.Contains("layer3.0.downsample.1.running_var of shape [16]", missing.Message, StringComparison.Ordinal);

        tensors["layer2.0.conv2.weight"] = ([8, 8, 1, 1], new float[64]);
        EdgeException wrong = Assert.Throws<EdgeException>(() => ResNet18Trunk.Read(new Safetensors("w", SafetensorsFiles.Of(tensors))));
        Assert.Contains("layer2.0.conv2.weight has shape [8, 8, 1, 1]; expected [8, 8, 3, 3]", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_embedded_trunk_is_the_half_width_one()
    {
        Backbone backbone = Backbone.Load(null);
        Assert.Equal("edge18", backbone.Info.Name);
        Assert.Equal((32, 64, 128), (backbone.Trunk.Stem.Out, backbone.Trunk.Layer2[1].Second.Out, backbone.Trunk.Layer3[1].Second.Out));
        Assert.Equal(64, backbone.Info.Sha256.Length);
    }

    [Fact]
    public void Torchvisions_trunk_is_read_and_a_truncated_copy_refused()
    {
        string path = TestPaths.Shared("backbones/resnet18_trunk.safetensors");
        Assert.Equal(256, Backbone.Load(path).Trunk.Layer3[1].Second.Out);
        using TempFolder folder = new();
        File.WriteAllBytes(folder["cut.safetensors"], File.ReadAllBytes(path).AsSpan(0, 5_000_000));
        EdgeException e = Assert.Throws<EdgeException>(() => Backbone.Load(folder["cut.safetensors"]));
        Assert.Contains("cut.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Contains("truncated", e.Message, StringComparison.Ordinal);
        Assert.Contains("tensor ", e.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<EdgeException>(() => Backbone.Load(folder["absent"])).Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> RawTensors(int seed)
    {
        Random random = new(seed);
        Dictionary<string, (long[] Shape, float[] Values)> tensors = [];
        void Add(string name, float low, float high, params long[] shape) =>
            tensors[name] = (shape, [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => low + (high - low) * random.NextSingle())]);
        void Convolution(string name, string norm, int input, int output, int kernel)
        {
            float scale = MathF.Sqrt(6f / (input * kernel * kernel));
            Add($"{name}.weight", -scale, scale, output, input, kernel, kernel);
            Add($"{norm}.weight", 0.5f, 1.5f, output);
            Add($"{norm}.bias", -0.3f, 0.3f, output);
            Add($"{norm}.running_mean", -0.3f, 0.3f, output);
            Add($"{norm}.running_var", 0.2f, 2, output);
        }
        Convolution("conv1", "bn1", 3, Width, 7);
        for (int layer = 1, input = Width; layer <= 3; input = Width << (layer - 1), layer++)
        {
            int output = Width << (layer - 1);
            for (int block = 0; block < 2; block++)
            {
                string at = $"layer{layer}.{block}";
                Convolution($"{at}.conv1", $"{at}.bn1", block == 0 ? input : output, output, 3);
                Convolution($"{at}.conv2", $"{at}.bn2", output, output, 3);
                if (block == 0 && layer > 1) Convolution($"{at}.downsample.0", $"{at}.downsample.1", input, output, 1);
            }
        }
        return tensors;
    }

    /// <summary>The network as torchvision writes it down: convolution, BatchNorm2d in evaluation mode, ReLU.</summary>
    private static (Tensor Layer2, Tensor Layer3) Unfolded(Dictionary<string, (long[] Shape, float[] Values)> tensors, Tensor image)
    {
        Tensor Value(string name) => tensor(tensors[name].Values, tensors[name].Shape);
        Tensor Apply(string name, string norm, Tensor x, long stride)
        {
            Tensor weight = Value($"{name}.weight");
            TorchSharp.Modules.BatchNorm2d module = nn.BatchNorm2d(weight.shape[0]);
            module.weight!.copy_(Value($"{norm}.weight"));
            module.bias!.copy_(Value($"{norm}.bias"));
            module.running_mean!.copy_(Value($"{norm}.running_mean"));
            module.running_var!.copy_(Value($"{norm}.running_var"));
            module.eval();
            return module.call(nn.functional.conv2d(x, weight, strides: [stride, stride], padding: [weight.shape[2] / 2, weight.shape[2] / 2]));
        }
        Tensor x = image.permute(0, 3, 1, 2).to(float32) / 255;
        x = (x - tensor((float[])[0.485f, 0.456f, 0.406f], [1, 3, 1, 1])) / tensor((float[])[0.229f, 0.224f, 0.225f], [1, 3, 1, 1]);
        x = nn.functional.max_pool2d(Apply("conv1", "bn1", x, 2).relu(), 3, 2, 1);
        List<Tensor> outputs = [];
        for (int layer = 1; layer <= 3; layer++)
        {
            for (int block = 0; block < 2; block++)
            {
                string at = $"layer{layer}.{block}";
                long stride = layer > 1 && block == 0 ? 2 : 1;
                Tensor inner = Apply($"{at}.conv2", $"{at}.bn2", Apply($"{at}.conv1", $"{at}.bn1", x, stride).relu(), 1);
                x = (inner + (stride == 2 ? Apply($"{at}.downsample.0", $"{at}.downsample.1", x, stride) : x)).relu();
            }
            outputs.Add(x);
        }
        return (outputs[1], outputs[2]);
    }
}
