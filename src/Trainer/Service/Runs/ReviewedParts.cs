using Edge.Training.Data;
using Edge.Training.Data.Quality;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Runs;

/// <summary>Pictures of parts that people have judged.</summary>
internal static class ReviewedParts
{
    /// <exception cref="EdgeException">The folder can't be read.</exception>
    public static IReadOnlyList<DataFile> Of(ProductOptions product)
    {
        try
        {
            return Directory.Exists(product.Reviewed) && Directory.EnumerateFileSystemEntries(product.Reviewed).Any() ? DataFolder.Files(product.Reviewed) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The reviewed pictures in {product.Reviewed} can't be read: {e.Message}", e);
        }
    }

    /// <summary>That came after the newest run was asked for.</summary>
    public static int Since(ProductOptions product, DateTimeOffset run) => Of(product).Count(f => File.GetLastWriteTimeUtc(f.Path) > run.UtcDateTime);
}
