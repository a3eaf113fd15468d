using static TorchSharp.torch;

namespace Edge.Tests.Backbones;

/// <summary>Trunks as torchvision writes them down: convolution, BatchNorm2d in evaluation mode, activation. What the trunks of the product are compared with.</summary>
internal sealed class Unfolded(Dictionary<string, (long[] Shape, float[] Values)> tensors)
{
    /// <param name="image">uint8 [N, H, W, 3].</param>
    /// <returns>layer1 to layer3.</returns>
    public Tensor[] ResNet(Tensor image)
    {
        Tensor x = nn.functional.max_pool2d(Apply("conv1", "bn1", Normalised(image), 2).relu(), 3, 2, 1);
        List<Tensor> layers = [];
        for (int layer = 1; layer <= 3; layer++)
        {
            for (int block = 0; tensors.ContainsKey($"layer{layer}.{block}.conv1.weight"); block++)
            {
                string at = $"layer{layer}.{block}";
                bool bottleneck = tensors.ContainsKey($"{at}.conv3.weight");
                long stride = layer > 1 && block == 0 ? 2 : 1;
                Tensor inner = Apply($"{at}.conv1", $"{at}.bn1", x, bottleneck ? 1 : stride).relu();
                inner = Apply($"{at}.conv2", $"{at}.bn2", inner, bottleneck ? stride : 1);
                if (bottleneck) inner = Apply($"{at}.conv3", $"{at}.bn3", inner.relu(), 1);
                x = (inner + (tensors.ContainsKey($"{at}.downsample.0.weight") ? Apply($"{at}.downsample.0", $"{at}.downsample.1", x, stride) : x)).relu();
            }
            layers.Add(x);
        }
        return [.. layers];
    }

    public Tensor[] MobileNetV2(Tensor image)
    {
        Tensor x = Relu6(Apply("features.0.0", "features.0.1", Normalised(image), 2));
        List<Tensor> blocks = [];
        for (int block = 1; block <= 13; block++)
        {
            string at = $"features.{block}.conv";
            long stride = block is 2 or 4 or 7 ? 2 : 1;
            Tensor inner = block == 1 ? x : Relu6(Apply($"{at}.0.0", $"{at}.0.1", x, 1));
            (string depthwise, string project) = block == 1 ? ("0", "1") : ("1", "2");
            inner = Relu6(Apply($"{at}.{depthwise}.0", $"{at}.{depthwise}.1", inner, stride));
            inner = Apply($"{at}.{project}", $"{at}.{(block == 1 ? 2 : 3)}", inner, 1);
            x = stride == 1 && inner.shape[1] == x.shape[1] ? inner + x : inner;
            blocks.Add(x);
        }
        return [blocks[2], blocks[5], blocks[12]];
    }

    private static Tensor Normalised(Tensor image) =>
        (image.permute(0, 3, 1, 2).to(float32) / 255 - tensor((float[])[0.485f, 0.456f, 0.406f], [1, 3, 1, 1])) / tensor((float[])[0.229f, 0.224f, 0.225f], [1, 3, 1, 1]);

    private static Tensor Relu6(Tensor x) => x.clamp(0, 6);

    private Tensor Value(string name) => tensor(tensors[name].Values, tensors[name].Shape);

    private Tensor Apply(string name, string norm, Tensor x, long stride)
    {
        Tensor weight = Value($"{name}.weight");
        TorchSharp.Modules.BatchNorm2d module = nn.BatchNorm2d(weight.shape[0]);
        module.weight!.copy_(Value($"{norm}.weight"));
        module.bias!.copy_(Value($"{norm}.bias"));
        module.running_mean!.copy_(Value($"{norm}.running_mean"));
        module.running_var!.copy_(Value($"{norm}.running_var"));
        module.eval();
        long padding = weight.shape[2] / 2;
        return module.call(nn.functional.conv2d(x, weight, strides: [stride, stride], padding: [padding, padding], groups: x.shape[1] / weight.shape[1]));
    }
}
