using System.Globalization;
using Edge.Imaging;
using Edge.Training.Backbones;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Backbones;

/// <summary>Google's MobileNetV2 with its own list of operators, run as the list says: the trunk equals it, and what follows the trunk names photographs.</summary>
public sealed class MobileNetV2Tests
{
    private const int Size = 224, Photographs = 20;

    [Fact]
    public void The_trunk_followed_by_the_head_names_photographs()
    {
        using IDisposable inference = no_grad();
        string[][] operators = [.. File.ReadLines(TestPaths.Shared("backbones/mobilenet_v2.ops.txt")).Select(line => line.Split(' '))];
        string path = TestPaths.Shared("backbones/mobilenet_v2.safetensors");
        Safetensors file = Safetensors.Open(path);
        using TrunkNetwork network = new(Backbone.Load(path).Trunk);
        int right = 0;
        for (int i = 0; i < Photographs; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            int label = i * 1000 / Photographs;   // the files are in the classes' order
            Tensor image = Photograph(label);
            Tensor[] features = network.Features(image);
            Dictionary<int, Tensor> all = Run(file, operators, new() { [0] = (image.permute(0, 3, 1, 2).to(float32) - 128) / 128 });
            foreach ((Tensor feature, int value) in features.Zip((int[])[73, 93, 140]))   // the last additions at 1/4, 1/8 and 1/16
                Assert.InRange((all[value] - feature).abs().max().item<float>() / all[value].abs().max().item<float>(), 0, 1e-5);

            Dictionary<int, Tensor> head = Run(file, operators.SkipWhile(o => o[1] != "op39_conv"), new() { [140] = features[2] });
            if (head[171].flatten().argmax().item<long>() == label + 1) right++;   // class 0 is the background
        }
        Assert.InRange(right, 15, Photographs);   // 90.8 % were measured elsewhere on 250
    }

    /// <summary><c>conv name from to out in kh kw stride top left rows columns groups activation</c>, <c>add a b to activation</c>, <c>gap from to</c>.</summary>
    private static Dictionary<int, Tensor> Run(Safetensors file, IEnumerable<string[]> operators, Dictionary<int, Tensor> values)
    {
        foreach (string[] step in operators)
        {
            int[] n = [.. step.Skip(step[0] == "conv" ? 2 : 1).TakeWhile(_ => step[0] is "conv" or "add" or "gap").Select(s => int.Parse(s, CultureInfo.InvariantCulture))];
            if (step[0] == "gap") values[n[1]] = values[n[0]].mean([2, 3], keepdim: true);
            if (step[0] == "add") values[n[2]] = values[n[0]] + values[n[1]];
            if (step[0] != "conv") continue;
            Tensor x = values[n[0]];
            (int kernel, int stride, int top, int left, int rows, int columns, int groups) = (n[4], n[6], n[7], n[8], n[9], n[10], n[11]);
            long bottom = (rows - 1) * stride + kernel - top - x.shape[2], right = (columns - 1) * stride + kernel - left - x.shape[3];
            Tensor weight = tensor(file.Read($"{step[1]}.weight", n[2], n[3] / groups, kernel, kernel), [n[2], n[3] / groups, kernel, kernel]);
            x = nn.functional.conv2d(nn.functional.pad(x, [left, right, top, bottom]), weight, tensor(file.Read($"{step[1]}.bias", n[2])), strides: [stride, stride], groups: groups);
            values[n[1]] = n[12] == 2 ? x.clamp(0, 6) : x;
        }
        return values;
    }

    /// <summary>The largest square in the middle, as uint8 [1, 224, 224, 3].</summary>
    private static Tensor Photograph(int label)
    {
        ImageBuffer picture = new();
        ImageFile.Read(TestPaths.Shared($"photographs/imagenet_{label:0000}.jpg"), picture);
        int side = Math.Min(picture.Width, picture.Height);
        byte[] pixels = new byte[Size * Size * 3];
        new Preprocessor(new InputSpec { Width = Size, Height = Size, Roi = new Roi((picture.Width - side) / 2, (picture.Height - side) / 2, side, side) }).Apply(picture, pixels);
        return tensor(pixels, [1, Size, Size, 3]);
    }
}
