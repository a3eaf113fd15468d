namespace Edge.Hosting;

/// <summary>A file with a secret or a certificate: a path, or <c>credential:NAME</c> for what systemd's LoadCredential= hands over.</summary>
internal static class CredentialFile
{
    private const string Prefix = "credential:", Folder = "CREDENTIALS_DIRECTORY";

    /// <param name="what">What the file holds, for the message.</param>
    /// <exception cref="EdgeException">It can't be read.</exception>
    public static string Read(string file, string what)
    {
        string path = Resolve(file, what);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The {what} file {path} cannot be read: {e.Message}", e);
        }
    }

    /// <returns>The path of what may be one of systemd's credentials.</returns>
    /// <exception cref="EdgeException">It is one, and systemd has handed over none.</exception>
    public static string Resolve(string file, string what)
    {
        if (!file.StartsWith(Prefix, StringComparison.Ordinal)) return Path.GetFullPath(file);
        string name = file[Prefix.Length..];
        if (name.Length == 0 || name != Path.GetFileName(name)) throw new EdgeException($"The {what} '{file}' must be {Prefix} and a name without folders.");
        string folder = Environment.GetEnvironmentVariable(Folder)
            ?? throw new EdgeException($"The {what} '{file}' is one of systemd's credentials, but ${Folder} is not set: add LoadCredential={name}:/path/to/file to the unit, or name a file.");
        return Path.Combine(folder, name);
    }
}
