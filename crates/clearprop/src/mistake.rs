//! The mistakes that people make in backpropagation, by name: what each is `diagnose::catalogue` tells.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! mistakes {
    ($($name:ident = $number:literal,)*) => {
        /// A mistake of the catalogue.  Its number is the one under which the project speaks of it everywhere
        /// (`clearprop explain 40`): those of a pass from 1, of updates from 101, of the probe from 121.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the catalogue tells each")]
        pub enum MistakeId { $($name = $number,)* }

        impl MistakeId {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

mistakes! {
    NoMean = 1,
    MeanTwice = 2,
    MeanOverOutputsToo = 3,
    MeanOverOutputs = 4,
    OneHotAfterMean = 5,
    NoOneHot = 6,
    ErrorTurned = 7,
    OneHotInEveryRow = 8,
    LabelsOffByOne = 9,
    SoftmaxOverAll = 10,
    SoftmaxOverRows = 11,
    JacobianDiagonal = 12,
    SlopeAfterCombined = 13,
    StoppedAtProbabilities = 14,
    FactorTwo = 15,
    SquaredThroughSoftmax = 16,
    LargestForProbabilities = 17,
    ScoresForProbabilities = 18,
    NoPenalty = 19,
    PenaltyFactor = 20,
    PenaltyOverN = 21,
    PenaltySign = 22,
    PenaltyConstant = 23,
    PenaltyOfOneLayer = 24,
    BiasPenalty = 25,
    ZForInput = 26,
    DwDividedAgain = 27,
    WholeDividedAgain = 28,
    DbMean = 29,
    DbOverAll = 30,
    DbNotSummed = 31,
    DbFromProduct = 32,
    DbForgotten = 33,
    Transposed = 34,
    UpdatedWeights = 35,
    NoWeights = 36,
    PenaltyInDa = 37,
    BiasColumnKept = 38,
    WrongColumnDropped = 39,
    NoSlope = 40,
    MaskOfOutput = 41,
    MaskOfGradient = 42,
    MaskOfBoth = 43,
    MaskTurned = 44,
    SlopeAlone = 45,
    ValueForSlope = 46,
    OtherSlope = 47,
    MaskWithoutBias = 48,
    LeakLeftIn = 49,
    Overwritten = 50,
    FromDa = 51,
    MaskOfWeights = 52,
    LastRowOnly = 53,
    NoLateMean = 54,
    Factor = 55,
    BroadcastLabels = 56,
    LossAfterEdit = 57,
    NoOutputSlope = 58,
    SlopeOfOutput = 59,
    OtherArray = 60,
    GradientForWeights = 61,
    ErrorCarriedBack = 62,
    ErrorWithoutWeights = 63,
    OtherLeak = 64,
    LossPenalty = 65,
    Elementwise = 66,
    OwnOutput = 67,
    WeightsForInput = 68,
    StepOfAnother = 69,
    NoBias = 70,
    ZForOutput = 71,
    AppliedTwice = 72,
    Overflow = 73,
    ExpAlone = 74,
    SigmoidForSoftmax = 75,
    OuterProduct = 76,
    HalfTheLoss = 77,
    InnerSign = 78,
    ErrorForOutputs = 79,
    SlopeOfInput = 80,
    NoFactorTwo = 81,
    NoMeanOverOutputs = 82,
    SlopeTwice = 83,
    OtherOperation = 84,
    PartLeftOut = 85,
    Sign = 86,
    GradientAdded = 101,
    VelocityNotKept = 102,
    OldMean = 103,
    OtherT = 104,
    OneMeanCorrected = 105,
    NoRoot = 106,
    NoOneMinusBeta = 107,
    OtherRate = 108,
    DecayTwice = 109,
    NotMoved = 110,
    AskedMean = 121,
    AskedHalf = 122,
    AskedPenalty = 123,
    AskedFunction = 124,
    AskedOtherPenalty = 125,
}

impl MistakeId {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The mistake with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.number() == number)
    }
}

/// Its number alone.
impl Serialize for MistakeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

/// The number.
impl fmt::Display for MistakeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}
