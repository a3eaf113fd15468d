using Edge.Imaging;

namespace Edge.Training.Data;

/// <summary>Decodes and preprocesses one picture after the other. Not thread-safe.</summary>
internal sealed class PictureReader(InputSpec input)
{
    private readonly Preprocessor preprocessor = new(input);
    private readonly ImageBuffer frame = new();

    /// <returns>The picture, or why it can't be used.</returns>
    public (LoadedPicture? Loaded, SkippedPicture? Skipped) Read(Picture picture)
    {
        try
        {
            ImageFile.Read(picture.Path, frame);
            byte[] rgb = GC.AllocateUninitializedArray<byte>(input.Width * input.Height * 3);
            preprocessor.Apply(frame, rgb);
            return (new LoadedPicture(picture, rgb, frame.Width, frame.Height), null);
        }
        catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
        {
            return (null, new SkippedPicture(picture.Path, e.Message.Replace(picture.Path, "the file", StringComparison.Ordinal)));
        }
    }
}
