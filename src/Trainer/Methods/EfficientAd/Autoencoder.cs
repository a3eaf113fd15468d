using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>A convolution of the decoder and the grid that its input is brought to first.</summary>
internal sealed record DecoderStep(int Height, int Width, Conv2d Convolution, int Padding, bool Relu, bool Dropout);

/// <summary>
/// The autoencoder of EfficientAD (table 5): the whole picture through 64 numbers, then the teacher's features from them. It sees what is wrong as
/// a whole: parts missing or misplaced. Its 8×8 bottleneck convolution ties it to one picture size; the grids are the paper's for 256×256 and in proportion for others.
/// </summary>
internal sealed class Autoencoder : nn.Module<Tensor, Tensor>
{
    public const int Multiple = 32;          // five halvings
    private const int Narrow = 32, Wide = 64;
    private const double DropoutShare = 0.2;
    private static readonly int[] Grids = [3, 8, 15, 32, 63, 127];   // for 256 pixels; a 4×4 convolution with padding 2 adds one

    private readonly ModuleList<Conv2d> encoder = [], decoder = [];
    private readonly int height, width;

    public IReadOnlyList<Conv2d> Encoder => [.. encoder];

    public Autoencoder(int height, int width, int outputs, Random random) : base(nameof(Autoencoder))
    {
        (this.height, this.width) = (height, width);
        (int In, int Out)[] halving = [(3, Narrow), (Narrow, Narrow), (Narrow, Wide), (Wide, Wide), (Wide, Wide)];
        foreach ((int input, int output) in halving) encoder.Add(nn.Conv2d(input, output, 4, stride: 2, padding: 1));
        encoder.Add(nn.Conv2d(Wide, Wide, (height / Multiple, width / Multiple)));
        foreach (int _ in Grids) decoder.Add(nn.Conv2d(Wide, Wide, 4, padding: 2));
        decoder.Add(nn.Conv2d(Wide, Wide, 3, padding: 1));
        decoder.Add(nn.Conv2d(Wide, outputs, 3, padding: 1));
        foreach (Conv2d convolution in encoder.Concat(decoder)) Initialisation.He(convolution, random);
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    /// <summary>ReLU after all of the encoder but its last.</summary>
    public bool ReluAfter(int encoderLayer) => encoderLayer < encoder.Count - 1;

    public IEnumerable<DecoderStep> Decoder => decoder.Select((c, i) => i < Grids.Length
        ? new DecoderStep(Scaled(Grids[i], height), Scaled(Grids[i], width), c, 2, Relu: true, Dropout: true)
        : new DecoderStep(height / 4, width / 4, c, 1, Relu: i < decoder.Count - 1, Dropout: false));

    /// <param name="image">float32 [N, 3, H, W], normalised.</param>
    /// <returns>[N, C, H/4, W/4].</returns>
    public override Tensor forward(Tensor image) => Run(image, null);

    /// <param name="dropout">Draws what is dropped; null in use.</param>
    public Tensor Run(Tensor image, Generator? dropout)
    {
        Tensor x = image;
        for (int i = 0; i < encoder.Count; i++)
        {
            x = encoder[i].call(x);
            if (ReluAfter(i)) x = x.relu_();
        }
        foreach (DecoderStep step in Decoder)
        {
            if (x.shape[2] != step.Height || x.shape[3] != step.Width)
                x = nn.functional.interpolate(x, [step.Height, step.Width], mode: InterpolationMode.Bilinear, align_corners: false);
            x = step.Convolution.call(x);
            if (step.Relu) x = x.relu_();
            if (step.Dropout && dropout is not null) x = x * (rand(x.shape, device: x.device, generator: dropout) >= DropoutShare) / (1 - DropoutShare);
        }
        return x;
    }

    private static int Scaled(int grid, int pixels) => Math.Max(1, (int)Math.Round(grid * pixels / 256.0, MidpointRounding.AwayFromZero));
}
