namespace Edge.Training.Data;

/// <summary>Normal pictures to fit to, and normal pictures held out for the threshold.</summary>
internal sealed record Split(IReadOnlyList<Picture> Training, IReadOnlyList<Picture> Calibration)
{
    /// <summary>The threshold's pictures are given: none of them is fitted to.</summary>
    public static Split Apart(IReadOnlyList<Picture> normals, IReadOnlyList<Picture> calibration)
    {
        HashSet<string> used = [.. calibration.Select(p => p.Sha256)];
        return new Split([.. normals.Where(p => !used.Contains(p.Sha256))], calibration);
    }

    /// <summary>
    /// Splits by content: the pictures with the smallest SHA-256 are held out. Names, order and seed don't matter, and adding
    /// pictures moves few of the others to the other side. Pictures of one <see cref="Picture.Group"/> stay together, unless the group is larger than what is to be held out and
    /// nothing else is left: of a part that never moves all pictures are nearly the same.
    /// </summary>
    /// <param name="holdOut">Fraction held out, [0, 1); above 0 at least one picture is.</param>
    /// <exception cref="EdgeException">Nothing would be left to fit to.</exception>
    public static Split Of(IReadOnlyList<Picture> normals, double holdOut)
    {
        if (holdOut is not (>= 0 and < 1)) throw new EdgeException($"The hold-out fraction is {holdOut}; it must be at least 0 and below 1.");
        int held = holdOut == 0 ? 0 : Math.Max(1, (int)Math.Round(holdOut * normals.Count, MidpointRounding.AwayFromZero));
        if (held >= normals.Count)
        {
            throw new EdgeException($"{normals.Count} normal pictures are too few: {held} would be held out for the threshold and none left to train on.");
        }
        HashSet<string> calibration = [];
        foreach (IGrouping<string, Picture> group in normals.GroupBy(p => p.Group).OrderBy(g => g.Key, StringComparer.Ordinal))
            if (calibration.Count + group.Count() <= held) calibration.UnionWith(group.Select(p => p.Sha256));
        if (calibration.Count < Math.Min(held, (held + 1) / 2)) calibration = [.. normals.Select(p => p.Sha256).Order(StringComparer.Ordinal).Take(held)];
        return new Split([.. normals.Where(p => !calibration.Contains(p.Sha256))], [.. normals.Where(p => calibration.Contains(p.Sha256))]);
    }
}
