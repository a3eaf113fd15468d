namespace Edge.Training.Backbones.Store;

/// <summary>Weights whose publisher is known.</summary>
/// <param name="Bytes">null where no source states it.</param>
/// <param name="Sha256">All 64 digits, or the first 8, which torchvision puts into its file names.</param>
internal sealed record KnownBackbone(string Name, string Architecture, Uri Url, string Licence, long? Bytes, string Sha256)
{
    public string File => Path.GetFileName(Url.LocalPath);

    public bool Matches(string sha256) => sha256.StartsWith(Sha256, StringComparison.Ordinal);
}

/// <summary>
/// Known names. Addresses and first 8 digits of the hash: torchvision's source (models/resnet.py, models/mobilenetv2.py). Whole hashes and sizes, where given: several
/// independent projects that state the same figures for the same file.
/// </summary>
internal static class BackboneCatalogue
{
    private const string Torchvision = "https://download.pytorch.org/models/", Licence = "BSD-3-Clause (torchvision; trained on ImageNet)";

    public static IReadOnlyList<KnownBackbone> All { get; } =
    [
        Of("resnet18", "ResNet-18", "resnet18-f37072fd.pth", 46_830_571, "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"),
        Of("resnet34", "ResNet-34", "resnet34-b627a593.pth", null, "b627a593"),
        Of("resnet50", "ResNet-50", "resnet50-0676ba61.pth", 102_530_333, "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"),
        Of("resnet101", "ResNet-101", "resnet101-63fe2227.pth", null, "63fe2227"),
        Of("wide_resnet50_2", "Wide-ResNet-50-2", "wide_resnet50_2-95faca4d.pth", 138_223_492, "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8"),
        Of("mobilenet_v2", "MobileNetV2", "mobilenet_v2-b0353104.pth", null, "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
    ];

    public static KnownBackbone? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    private static KnownBackbone Of(string name, string architecture, string file, long? bytes, string sha256) => new(name, architecture, new Uri(Torchvision + file), Licence, bytes, sha256);
}
