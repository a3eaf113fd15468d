using System.Text;

namespace Edge.Hosting;

/// <summary>What outlives the program: on the disk, flushed and whole, before it is true.</summary>
internal sealed class StateFile(string folder, string name)
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetFullPath(folder), name);

    /// <summary>Null when there is none.</summary>
    /// <exception cref="EdgeException">It can't be read.</exception>
    public string? Read()
    {
        try
        {
            return File.Exists(Path) ? File.ReadAllText(Path).TrimEnd() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"What was kept last cannot be read from {Path}: {e.Message}", e);
        }
    }

    /// <param name="word">Null removes it.</param>
    /// <exception cref="EdgeException">It can't be kept.</exception>
    public void Write(string? word)
    {
        try
        {
            if (word is null)
            {
                File.Delete(Path);
                return;
            }
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            using (FileStream stream = new(Path + ".new", FileMode.Create, FileAccess.Write, FileShare.None))
            {
                stream.Write(Encoding.UTF8.GetBytes(word + "\n"));
                stream.Flush(flushToDisk: true);
            }
            File.Move(Path + ".new", Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"It can't be kept in {Path}, so a program that starts again would not know of it: {e.Message}", e);
        }
    }
}
