using Edge.Training.Thresholds;
using Xunit;

namespace Edge.Tests.Thresholds;

public sealed class ReviewBandTests
{
    private static readonly LabelledScores Scores = new([1, 2, 3, 4, 5], [3, 6, 8, 9]);

    [Fact]
    public void Begins_where_no_anomalous_part_is_accepted_unseen()
    {
        ReviewBand band = ReviewBand.Choose(Scores, threshold: 5.5f, new ReviewRequest(MaxFnr: 0, null, null))!;
        Assert.Equal(2.5f, band.From);
        Assert.Equal((3, 1), ((int)band.NormalReviewed, (int)band.AnomalousReviewed));
        Assert.Equal(0, band.AnomalousAccepted.Events);
        Assert.Contains("3 of 5 normal and 1 of 4 anomalous", band.Promise, StringComparison.Ordinal);
    }

    [Fact]
    public void Begins_where_few_normal_parts_are_looked_at() =>
        Assert.Equal(4.5f, ReviewBand.Choose(Scores, threshold: 8.5f, new ReviewRequest(null, MaxFpr: 0.2, null))!.From);

    [Fact]
    public void Begins_at_a_score() => Assert.Equal(3f, ReviewBand.Choose(Scores, threshold: 7, new ReviewRequest(null, null, From: 3))!.From);

    [Fact]
    public void Nothing_to_review_is_no_band() => Assert.Null(ReviewBand.Choose(Scores, threshold: 2, new ReviewRequest(MaxFnr: 0, null, null)));

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Assert.Throws<EdgeException>(() => ReviewBand.Choose(Scores, 7, new ReviewRequest(null, null, From: 7)));
        Assert.Throws<EdgeException>(() => ReviewBand.Choose(Scores, 7, new ReviewRequest(null, null, From: float.NaN)));
        Assert.Throws<EdgeException>(() => ReviewBand.Choose(Scores, 7, new ReviewRequest(1.5, null, null)));
        Assert.Contains("fpr=", Assert.Throws<EdgeException>(() => ReviewBand.Choose(new([1, 2], []), 7, new ReviewRequest(0, null, null))).Message, StringComparison.Ordinal);
    }
}
