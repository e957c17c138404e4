// TOMLConfiguration
